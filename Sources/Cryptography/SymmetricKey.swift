/// A key of 32 bytes was given another length.
package struct KeyLengthError: Error, Equatable {
    package let found: Int
}

/// A 256-bit key for the ciphers; wiped when it ends.
package struct SymmetricKey: ~Copyable, Sendable {
    package static let length = 32

    let bytes: SecretBytes

    package init(_ bytes: [UInt8]) throws(KeyLengthError) {
        guard bytes.count == Self.length else { throw KeyLengthError(found: bytes.count) }
        self.bytes = SecretBytes(copying: bytes)
    }

    /// - Precondition: there are 32 bytes.
    init(_ bytes: consuming SecretBytes) {
        precondition(bytes.count == Self.length)
        self.bytes = bytes
    }

    package static func generate() -> SymmetricKey {
        SymmetricKey(SecretBytes.random(count: length))
    }
}
