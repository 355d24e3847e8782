package import Primitives

/// Where a configured peer listens, and which key it must prove, when that is known.
package struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: Int
    package let key: PublicKey?

    package init(host: String, port: Int, key: PublicKey? = nil) {
        self.host = host
        self.port = port
        self.key = key
    }

    /// `host:port` or `hex-key@host:port`; an IPv6 host stands in brackets. Nil for other text.
    package init?(_ text: String) {
        var rest = text[...]
        var key: PublicKey?
        if let at = rest.firstIndex(of: "@") {
            guard let bytes = Hex.decode(String(rest[..<at])), let decoded = PublicKey(bytes)
            else { return nil }
            key = decoded
            rest = rest[rest.index(after: at)...]
        }
        guard let colon = rest.lastIndex(of: ":"),
            let port = UInt16(rest[rest.index(after: colon)...]), port > 0
        else { return nil }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: Int(port), key: key)
    }

    package var description: String {
        let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        return key.map { "\(Hex.encode($0.bytes))@\(place)" } ?? place
    }
}
