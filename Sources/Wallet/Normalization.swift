import Foundation

/// The bytes of a passphrase that BIP-39 hashes: compatibility decomposition (NFKD), so that the same
/// characters typed on two systems open the same wallet.
func normalized(_ passphrase: String) -> [UInt8] {
    Array(passphrase.decomposedStringWithCompatibilityMapping.utf8)
}
