// Addresses as people see them: bech32m with a prefix that tells a test network from the real one.

/// Which kind of network an address belongs to.
package enum AddressPrefix: String, Sendable, CaseIterable {
    case main = "open"
    case test = "topen"
}

extension Address {
    package enum TextFailure: Error, Equatable {
        case bech32m(Bech32m.Failure)
        case wrongPrefix(found: String, expected: AddressPrefix)
        case wrongLength(Int)
    }

    package func text(_ prefix: AddressPrefix) -> String {
        Bech32m.encode(prefix: prefix.rawValue, bytes)
    }

    package init(text: String, _ prefix: AddressPrefix) throws(TextFailure) {
        let found: (prefix: String, bytes: [UInt8])
        do { found = try Bech32m.decode(text) } catch { throw .bech32m(error) }
        guard found.prefix.utf8.elementsEqual(prefix.rawValue.utf8) else {
            throw .wrongPrefix(found: found.prefix, expected: prefix)
        }
        guard let address = Address(found.bytes) else { throw .wrongLength(found.bytes.count) }
        self = address
    }
}

extension AddressPrefix {
    /// The real network's ids are `openledger-` and a number; every other network is a test.
    package init(chain: ChainID) {
        let name = Array("openledger-".utf8)
        let rest = chain.bytes.dropFirst(name.count)
        let isMain =
            chain.bytes.starts(with: name) && !rest.isEmpty
            && rest.allSatisfy { (0x30...0x39).contains($0) }
        self = isMain ? .main : .test
    }
}
