package import Primitives

extension Address {
    private static let tag = HashTag("openledger/address/v1")

    /// The address of the account that this key opened: the first 20 bytes of its tagged hash. The
    /// account keeps its address when it changes its key.
    package init(firstKey: PublicKey) {
        let hash = firstKey.withSpan { taggedHash(Self.tag, $0) }
        self = Address(filling: { (address: inout MutableSpan<UInt8>) in
            for offset in address.indices { address[offset] = hash[offset] }
        })
    }
}
