package import Primitives

package enum NetworkAddressTag {}

/// An IP address and a port, as nodes tell them to each other: IPv4 stands in its IPv6 form.
package struct NetworkAddress: Sendable, Hashable {
    package typealias Octets = FixedBytes<16, NetworkAddressTag>

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    package let octets: Octets
    package let port: UInt16

    package init(octets: Octets, port: UInt16) {
        self.octets = octets
        self.port = port
    }

    /// - Parameter bytes: 4 of IPv4 or 16 of IPv6; nil for any other count.
    package init?(bytes: [UInt8], port: UInt16) {
        guard let octets = Octets(bytes.count == 4 ? Self.mappedPrefix + bytes : bytes) else {
            return nil
        }
        self.init(octets: octets, port: port)
    }

    /// The four bytes of an IPv4 address; nil for IPv6.
    package var version4: [UInt8]? {
        let bytes = octets.bytes
        return bytes.starts(with: Self.mappedPrefix) ? Array(bytes.suffix(4)) : nil
    }

    /// The same host at another port.
    package func at(port: UInt16) -> NetworkAddress { NetworkAddress(octets: octets, port: port) }

    /// Whether the address may mean something to others: not of this machine or a private network,
    /// not for many receivers, not a placeholder.
    package var isPublic: Bool {
        if let four = version4 {
            switch (four[0], four[1]) {
            case (0, _), (10, _), (127, _), (169, 254), (192, 168), (224..., _): return false
            case (100, 64...127), (172, 16...31): return false
            default: return true
            }
        }
        // 2000::/3 is all that is given out.
        return octets[0] & 0xe0 == 0x20
    }

    /// Addresses that cost their owner little more than one: an IPv4 /16, an IPv6 /32. An address
    /// that is not public is a group of its own.
    package var group: AddressGroup {
        guard isPublic else { return AddressGroup(bytes: [0] + octets.bytes) }
        if let four = version4 { return AddressGroup(bytes: [4, four[0], four[1]]) }
        return AddressGroup(bytes: [6] + octets.bytes.prefix(4))
    }
}

/// What addresses are limited by together; see `NetworkAddress.group`.
package struct AddressGroup: Sendable, Hashable {
    package static let byteLimit = 17
    package let bytes: [UInt8]
}

extension NetworkAddress: CustomStringConvertible {
    package var description: String { "\(host):\(port)" }

    /// As a resolver takes it, without brackets.
    package var host: String {
        if let four = version4 { return four.map { "\($0)" }.joined(separator: ".") }
        let bytes = octets.bytes
        let words = stride(from: 0, to: 16, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return words.joined(separator: ":")
    }
}

extension NetworkAddress: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(octets)
        writer.write(port)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        octets = try Octets(from: &reader)
        port = try reader.readUInt16()
        try reader.require(port > 0, "port")
    }
}
