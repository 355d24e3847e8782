/// Where the server listens and what it accepts.
package struct RPCServerConfiguration: Sendable, Equatable {
    package var host: String
    /// 0 takes any free port.
    package var port: Int
    /// Names by which the server may be addressed, besides `localhost` and IP addresses.
    package var allowedHosts: [String]
    /// The largest artifact that is taken, in bytes.
    package var artifactLimit: Int
    /// Requests that one address may send a second, with bursts of twice as many; 0 is any number.
    /// A body costs one more for each 16 KiB.
    package var requestsPerSecond: Int
    /// Whether this machine's own requests count as well.
    package var limitsLoopback: Bool

    package init(
        host: String = "127.0.0.1",
        port: Int = 8545,
        allowedHosts: [String] = [],
        artifactLimit: Int = 1 << 28,
        requestsPerSecond: Int = 500,
        limitsLoopback: Bool = false
    ) {
        self.host = host
        self.port = port
        self.allowedHosts = allowedHosts
        self.artifactLimit = artifactLimit
        self.requestsPerSecond = requestsPerSecond
        self.limitsLoopback = limitsLoopback
    }

    /// Whether a `Host` header names this server. A page of a stranger's site can make a browser
    /// send requests here under the site's own name (DNS rebinding); such names are refused.
    package func accepts(hostHeader: String?) -> Bool {
        guard let hostHeader, let name = Self.name(in: hostHeader) else { return false }
        return name == "localhost" || Self.isAddress(name)
            || allowedHosts.contains { $0.lowercased() == name }
    }

    /// The name without the port, in lower case; nil for malformed headers.
    private static func name(in header: String) -> String? {
        let text = header.lowercased()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            return rest.isEmpty || isPort(rest) ? String(text[...end]) : nil
        }
        guard let colon = text.firstIndex(of: ":") else { return text.isEmpty ? nil : text }
        guard colon > text.startIndex, isPort(text[colon...]) else { return nil }
        return String(text[..<colon])
    }

    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.dropFirst()
        return text.first == ":" && (1...5).contains(digits.count)
            && digits.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }

    private static func isAddress(_ name: String) -> Bool {
        if name.hasPrefix("[") {
            return name.dropFirst().dropLast().utf8.allSatisfy {
                0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 || $0 == 0x3a || $0 == 0x2e
            }
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
