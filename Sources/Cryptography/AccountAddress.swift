package import Primitives

extension Address {
    private static let tag = HashTag("openledger/address/v1")

    /// The address of the account that this key opened: the first 20 bytes of its tagged hash. The
    /// account keeps its address when it changes its key.
    package init(firstKey: PublicKey) {
        let hash = taggedHash(Self.tag, firstKey.bytes)
        var address = Address.zero
        for offset in 0..<Address.byteCount { address[offset] = hash[offset] }
        self = address
    }
}
