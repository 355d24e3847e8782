// Where a configuration comes from: flags before environment before file before defaults.

import TOMLKit

/// A configuration with the source of each value that is not a default.
package struct EffectiveConfiguration: Sendable {
    package private(set) var configuration = Configuration()
    /// By the setting's name: `flag`, `environment` or the file.
    package private(set) var sources: [String: String] = [:]

    package init() {}

    /// - Parameters:
    ///   - file: the path, for messages, and the text of the configuration file.
    ///   - environment: all variables; those that begin with `OPENLEDGER_` must name settings,
    ///     except for `reservedVariables`.
    ///   - flags: settings and the text of their values.
    package init(
        file: (path: String, text: String)?,
        environment: [String: String],
        flags: [(name: String, value: String)]
    ) throws(ConfigurationError) {
        if let file { try read(file.text, path: file.path) }
        for variable in environment.keys.sorted() where variable.hasPrefix("OPENLEDGER_") {
            guard !Self.reservedVariables.contains(variable) else { continue }
            guard
                let setting = ConfigurationSetting.all.first(where: {
                    $0.environmentName == variable
                })
            else { throw .unknownVariable(variable) }
            try set(setting, environment[variable] ?? "", source: "environment")
        }
        for flag in flags {
            guard let setting = ConfigurationSetting.named(flag.name) else {
                throw .unknownSetting(flag.name)
            }
            try set(setting, flag.value, source: "flag")
        }
    }

    /// Variables that the command line reads itself.
    package static let reservedVariables: Set = [
        "OPENLEDGER_HOME", "OPENLEDGER_URL", "OPENLEDGER_PASSWORD", "OPENLEDGER_CACHE",
        "OPENLEDGER_CORE",
    ]

    private mutating func set(
        _ setting: ConfigurationSetting,
        _ text: String,
        source: String
    ) throws(ConfigurationError) {
        guard setting.set(text: text, in: &configuration) else {
            throw .invalidValue(place: source, key: setting.name, expected: setting.expectation)
        }
        sources[setting.name] = source
    }

    private mutating func read(_ text: String, path: String) throws(ConfigurationError) {
        let document: TOMLTable
        do { document = try TOMLTable(string: text) } catch let error as TOMLParseError {
            throw .malformed(
                file: path,
                line: error.source.begin.line,
                detail: error.description
            )
        } catch {
            throw .malformed(file: path, line: 1, detail: "\(error)")
        }
        for section in document.keys {
            guard let table = document[section]?.table else {
                throw unknownKey(section, in: text, path: path)
            }
            for key in table.keys {
                let name = section + "." + key
                guard let setting = ConfigurationSetting.named(name) else {
                    throw unknownKey(name, in: text, path: path)
                }
                guard setting.set(Self.value(table[key]), in: &configuration) else {
                    throw .invalidValue(
                        place: "\(path), line \(Self.line(of: name, in: text))",
                        key: name,
                        expected: setting.expectation
                    )
                }
                sources[name] = path
            }
        }
    }

    private func unknownKey(_ name: String, in text: String, path: String) -> ConfigurationError {
        .unknownKey(file: path, line: Self.line(of: name, in: text), key: name)
    }

    private static func value(_ value: (any TOMLValueConvertible)?) -> ConfigurationSetting.Value {
        guard let value else { return .other }
        if let flag = value.bool { return .flag(flag) }
        if let number = value.int { return .integer(number) }
        if let text = value.string { return .text(text) }
        guard let array = value.array else { return .other }
        let texts = array.compactMap(\.string)
        return texts.count == array.count ? .list(texts) : .other
    }

    /// The line, from 1, where a section's key stands. The parser does not tell, so the text is
    /// searched as TOML is usually written; dotted keys at the top are found as well.
    private static func line(of name: String, in text: String) -> Int {
        let parts = name.split(separator: ".", maxSplits: 1).map { String($0) }
        var section = ""
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let bare = line.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "\r" }
            if bare.hasPrefix("[") {
                section = String(bare.dropFirst().prefix { $0 != "]" })
                if parts.count == 1, section == name { return number + 1 }
                continue
            }
            let key = bare.prefix { $0 != "=" }
            if (section.isEmpty ? String(key) : section + "." + key) == name { return number + 1 }
        }
        return 1
    }
}

extension Configuration {
    /// The configuration as a commented file that reads back as itself.
    package var template: String {
        var text = """
            # Configuration of an OpenLedger node. Every setting stands here with its value.
            # A flag (--set rpc.port=8546) comes before an environment variable
            # (OPENLEDGER_RPC_PORT=8546), and that before this file.

            """
        var section = ""
        for setting in ConfigurationSetting.all {
            let parts = setting.name.split(separator: ".", maxSplits: 1)
            if parts[0] != section {
                section = String(parts[0])
                text += "\n[\(section)]\n"
            }
            text += "# \(setting.summary)\n\(parts[1]) = \(setting.toml(in: self))\n"
        }
        return text
    }
}
