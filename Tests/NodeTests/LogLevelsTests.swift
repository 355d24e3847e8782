import Logging
import Node
import Testing

@Suite("Log levels") struct LogLevelsTests {
    @Test("one level for all, others for modules")
    func parse() throws {
        let levels = try #require(LogLevels("warning,network:debug, rpc:trace"))
        #expect(levels.level == .warning)
        #expect(levels.byModule == ["network": .debug, "rpc": .trace])
        #expect(try #require(LogLevels("network:debug")).level == .info)
        #expect(try #require(LogLevels("network:debug,*:error")).level == .error)
    }

    @Test(
        "what names no level or no module is refused",
        arguments: ["", "loud", "info,", "net:debug", "network:loud", "network", "a:b:c"]
    )
    func refuse(text: String) {
        #expect(LogLevels(text) == nil)
        #expect(throws: ConfigurationError.self) {
            try EffectiveConfiguration(file: nil, environment: [:], flags: [("log.level", text)])
        }
    }

    @Test("a module's logger says which module it is, and has its level or the common one")
    func loggers() throws {
        let levels = try #require(LogLevels("error,rpc:debug"))
        var common = Logger(label: "node", factory: { label in JSONLogHandler(label: label) })
        common.logLevel = .error
        #expect(levels.logger(common, for: "rpc").logLevel == .debug)
        #expect(levels.logger(common, for: "network").logLevel == .error)
        #expect(levels.logger(common, for: "rpc")[metadataKey: "module"] == "rpc")
    }
}
