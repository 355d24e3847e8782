// From a wallet's seed to keys (SLIP-0010, curve ed25519): hardened children only.

package import Cryptography

package enum KeyDerivation {
    /// The signing key at a path.
    package static func signingKey(
        seed: [UInt8],
        path: DerivationPath
    ) throws(SigningKey.KeyError) -> SigningKey {
        try SigningKey(seed: node(seed: seed, path: path).key)
    }

    /// The secret key and chain code at a path, 32 bytes each.
    package static func node(
        seed: [UInt8],
        path: DerivationPath
    ) -> (key: [UInt8], chainCode: [UInt8]) {
        var node = split(SHA512.authenticate(seed, key: Array("ed25519 seed".utf8)))
        for index in path.indices {
            let hardened = index | 1 << 31
            let bytes = stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: hardened >> $0)
            }
            node = split(SHA512.authenticate([0] + node.key + bytes, key: node.chainCode))
        }
        return node
    }

    private static func split(_ hash: [UInt8]) -> (key: [UInt8], chainCode: [UInt8]) {
        (Array(hash.prefix(32)), Array(hash.suffix(32)))
    }
}
