import ArgumentParser
import JSON
import Node

/// What one configuration file says otherwise than another, or than the defaults.
struct ConfigDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract:
            "The settings in which a configuration file differs from another, or the defaults."
    )
    @Argument(help: "A .toml file.") var file: String
    @Argument(help: "Another one; the defaults unless told.") var other: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let left = try Self.read(file)
        let right = try other.map(Self.read) ?? Configuration()
        let rows: [JSON] = ConfigurationSetting.all.compactMap { setting in
            let (one, two) = (setting.toml(in: left), setting.toml(in: right))
            guard one != two else { return nil }
            return [
                "setting": .string(setting.name), "value": .string(one),
                (other == nil ? "default" : "other"): .string(two),
            ]
        }
        output.show(.array(rows))
    }

    private static func read(_ path: String) throws -> Configuration {
        let bytes = try InputFile.read(path)
        return try CommandFailure.wrap(.badInput) {
            try EffectiveConfiguration(
                file: (path, String(decoding: bytes, as: UTF8.self)),
                environment: [:],
                flags: []
            ).configuration
        }
    }
}
