package import Logging

/// The least important messages that are written, for all modules and for single ones:
/// `info`, or `info,network:debug,rpc:warning`.
package struct LogLevels: Sendable, Equatable {
    /// The parts of a node that can have a level of their own.
    package static let modules: Set = [
        "consensus", "network", "artifacts", "rpc", "verifier", "metrics", "admin",
    ]

    package private(set) var level = Logger.Level.info
    package private(set) var byModule: [String: Logger.Level] = [:]

    package init() {}

    /// Nil for text that names no level, or a module that does not exist. `*:info` is `info`.
    package init?(_ text: String) {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: ":", omittingEmptySubsequences: false)
                .map { $0.filter { $0 != " " } }
            guard let name = words.last, let level = Logger.Level(rawValue: name) else {
                return nil
            }
            switch words.count {
            case 1: self.level = level
            case 2 where words[0] == "*": self.level = level
            case 2 where Self.modules.contains(words[0]): byModule[words[0]] = level
            default: return nil
            }
        }
    }

    /// The logger of one module. A module without a level of its own keeps the logger's.
    package func logger(_ logger: Logger, for module: String) -> Logger {
        var own = logger
        own[metadataKey: "module"] = .string(module)
        if let level = byModule[module] { own.logLevel = level }
        return own
    }
}
