import RPC

/// One setting: its name in the file, what it means, and where its value lives. The file's
/// template, the check for unknown keys, environment variables and flags all come from the table.
package struct ConfigurationSetting: Sendable {
    package typealias Path<Value> = WritableKeyPath<Configuration, Value> & Sendable

    enum Access: Sendable {
        case text(any Path<String>)
        case choice(any Path<String>, [String])
        case integer(any Path<Int>, ClosedRange<Int>)
        case flag(any Path<Bool>)
        case list(any Path<[String]>)
    }

    /// Section and key, such as `rpc.port`.
    package let name: String
    package let summary: String
    let access: Access

    init(_ name: String, _ access: Access, _ summary: String) {
        self.name = name
        self.access = access
        self.summary = summary
    }

    /// `rpc.allowed_hosts` is `OPENLEDGER_RPC_ALLOWED_HOSTS` in the environment.
    package var environmentName: String {
        "OPENLEDGER_" + name.uppercased().replacing(".", with: "_")
    }

    package static let all: [ConfigurationSetting] = [
        .init("node.name", .text(\.name), "a name for logs"),
        .init("chain.genesis", .text(\.chain.genesis), "the genesis document"),
        .init("rpc.host", .text(\.rpc.host), "the address that the RPC listens on"),
        .init("rpc.port", .integer(\.rpc.port, 0...65_535), "0 takes any free port"),
        .init(
            "rpc.allowed_hosts",
            .list(\.rpc.allowedHosts),
            "names in the Host header that are accepted, besides localhost and IP addresses"
        ),
        .init(
            "rpc.artifact_limit",
            .integer(\.rpc.artifactLimit, 1...(1 << 34)),
            "the largest artifact that is taken, in bytes"
        ),
        .init("network.host", .text(\.network.host), "the address that peers connect to"),
        .init("network.port", .integer(\.network.port, 0...65_535), "0 takes any free port"),
        .init(
            "network.peers",
            .list(\.network.peers),
            "nodes to connect to: host:port, or key@host:port to insist on a node's key"
        ),
        .init(
            "network.inbound_peers",
            .integer(\.network.inboundPeers, 0...1_024),
            "connections that others may open"
        ),
        .init(
            "network.outbound_peers",
            .integer(\.network.outboundPeers, 0...256),
            "peers to find and dial beyond the named ones; 0 finds none"
        ),
        .init("keys.node", .text(\.keys.node), "the key that other nodes know this one by"),
        .init(
            "keys.validator",
            .text(\.keys.validator),
            "the validator's hot key; empty for a node that only follows"
        ),
        .init(
            "keys.password_file",
            .text(\.keys.passwordFile),
            "a file with the password of both keys; empty if they are not sealed"
        ),
        .init(
            "verifier.enabled",
            .flag(\.verifier.isEnabled),
            "re-run the jobs that this validator is drawn for; not doing so costs stake"
        ),
        .init(
            "verifier.threads",
            .integer(\.verifier.threads, 1...256),
            "threads for re-running; the results do not depend on it"
        ),
        .init(
            "storage.kept_heights",
            .integer(\.storage.keptHeights, 0...1_000_000_000),
            "how many heights of old state are kept for proofs; 0 keeps all"
        ),
        .init(
            "storage.cache_mib",
            .integer(\.storage.cacheMebibytes, 1...65_536),
            "memory for the database's cache, in MiB"
        ),
        .init(
            "metrics.enabled",
            .flag(\.metrics.isEnabled),
            "answer GET /metrics in Prometheus' text format"
        ),
        .init(
            "metrics.host",
            .text(\.metrics.host),
            "the address that metrics are served on; what reads them needs no permission"
        ),
        .init("metrics.port", .integer(\.metrics.port, 0...65_535), "0 takes any free port"),
        .init(
            "log.level",
            .choice(
                \.log.level,
                ["trace", "debug", "info", "notice", "warning", "error", "critical"]
            ),
            "the least important messages that are written"
        ),
        .init("log.format", .choice(\.log.format, ["plain", "json"]), "a line of text or of JSON"),
    ]

    package static func named(_ name: String) -> ConfigurationSetting? {
        all.first { $0.name == name }
    }
}

extension ConfigurationSetting {
    /// A value as a source gives it. Environment variables and flags are text.
    enum Value: Sendable, Equatable {
        case text(String)
        case integer(Int)
        case flag(Bool)
        case list([String])
        case other
    }

    /// What kind of value the setting takes, in words.
    var expectation: String {
        switch access {
        case .text: "text"
        case .choice(_, let words): "one of " + words.joined(separator: ", ")
        case .integer(_, let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .list: "a list of texts"
        }
    }

    /// Sets the value, or gives false if it is not what the setting takes.
    func set(_ value: Value, in configuration: inout Configuration) -> Bool {
        switch (access, value) {
        case (.text(let path), .text(let text)): configuration[keyPath: path] = text
        case (.choice(let path, let words), .text(let text)) where words.contains(text):
            configuration[keyPath: path] = text
        case (.integer(let path, let range), .integer(let number)) where range.contains(number):
            configuration[keyPath: path] = number
        case (.flag(let path), .flag(let flag)): configuration[keyPath: path] = flag
        case (.list(let path), .list(let list)): configuration[keyPath: path] = list
        default: return false
        }
        return true
    }

    /// Sets the value from the text of a flag or of an environment variable.
    func set(text: String, in configuration: inout Configuration) -> Bool {
        switch access {
        case .text, .choice: return set(.text(text), in: &configuration)
        case .integer: return Int(text).map { set(.integer($0), in: &configuration) } ?? false
        case .flag: return Bool(text).map { set(.flag($0), in: &configuration) } ?? false
        case .list:
            let parts = text.split(separator: ",").map { String($0) }
            return set(.list(parts), in: &configuration)
        }
    }

    /// The value as TOML.
    package func toml(in configuration: Configuration) -> String {
        switch access {
        case .text(let path), .choice(let path, _): return Self.quoted(configuration[keyPath: path])
        case .integer(let path, _): return String(configuration[keyPath: path])
        case .flag(let path): return String(configuration[keyPath: path])
        case .list(let path):
            return "[" + configuration[keyPath: path].map(Self.quoted).joined(separator: ", ") + "]"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return "\"" + result + "\""
    }
}
