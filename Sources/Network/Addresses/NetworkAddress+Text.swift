import NIOCore
import Primitives

extension NetworkAddress {
    /// Of a connection whose other end has no IP address, as in tests without sockets.
    static let unknown = NetworkAddress(octets: .zero, port: 0)

    /// Nil for what is neither IPv4 nor IPv6.
    init?(_ address: SocketAddress?) {
        guard let host = address?.ipAddress,
            let port = address?.port.flatMap({ UInt16(exactly: $0) })
        else { return nil }
        self.init(host: host, port: port)
    }

    /// An IP address in its usual text; nil for names and for anything else.
    package init?(host: String, port: UInt16) {
        // Behind a percent sign stands the interface, which is this machine's own affair.
        let text = host.prefix { $0 != "%" }
        guard let bytes = text.contains(":") ? Self.version6(text) : Self.version4(text) else {
            return nil
        }
        self.init(bytes: bytes, port: port)
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { isDigits($0) ? UInt8($0) : nil }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    /// The integer initialisers take a sign as well.
    private static func isDigits(_ text: Substring) -> Bool { text.allSatisfy(\.isHexDigit) }

    /// RFC 4291, section 2.2, its third form included.
    private static func version6(_ text: Substring) -> [UInt8]? {
        var halves: [[UInt8]] = [[]]
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
        // A leading or trailing "::" splits into two empty parts.
        if text.hasPrefix("::") { parts.removeFirst() }
        if text.hasSuffix("::") { parts.removeLast() }
        for (place, part) in zip(parts.indices, parts) {
            if part.isEmpty {
                guard halves.count == 1 else { return nil }
                halves.append([])
            } else if part.contains("."), place == parts.indices.last {
                guard let four = version4(part) else { return nil }
                halves[halves.count - 1] += four
            } else {
                guard isDigits(part), part.utf8.count <= 4, let word = UInt16(part, radix: 16)
                else { return nil }
                halves[halves.count - 1] += [UInt8(word >> 8), UInt8(word & 0xff)]
            }
        }
        let count = halves.reduce(0) { $0 + $1.count }
        guard halves.count == 2 else { return count == 16 ? halves[0] : nil }
        guard count < 16 else { return nil }
        return halves[0] + [UInt8](repeating: 0, count: 16 - count) + halves[1]
    }
}
