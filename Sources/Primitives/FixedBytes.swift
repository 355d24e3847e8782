// Byte strings whose length is part of their type. The tag keeps a digest from being passed where
// a key is meant; the layout and behaviour are the same for all.

/// Exactly `count` bytes, ordered lexicographically.
///
/// Digests are compared, hashed and copied more often than anything else here, so what can be is
/// inlinable: a caller in another module sees the length, and its loops become a few instructions.
/// The compiler does not specialise what creates a value; where that is hot, copy one and write.
@frozen
package struct FixedBytes<let count: Int, Tag>: Sendable {
    @usableFromInline var storage: InlineArray<count, UInt8>

    /// Returns nil unless `bytes` has exactly `count` elements.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == count else { return nil }
        storage = InlineArray(repeating: 0)
        unsafe withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes) }
    }

    private init(repeating byte: UInt8) { storage = InlineArray(repeating: byte) }

    package static var byteCount: Int { count }
    package static var zero: Self { Self(repeating: 0) }

    @inlinable @inline(__always)
    package var bytes: [UInt8] {
        unsafe withUnsafeBytes { unsafe Array($0) }
    }

    /// Lends the bytes without copying them.
    @inlinable @inline(__always)
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe storage.span.withUnsafeBytes { unsafe body($0) }
    }

    /// Lends the bytes for writing in place.
    @inlinable @inline(__always)
    package mutating func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result {
        unsafe Swift.withUnsafeMutableBytes(of: &storage) { unsafe body($0) }
    }

    /// - Precondition: `0 <= offset < count`.
    @inlinable @inline(__always)
    package subscript(offset: Int) -> UInt8 {
        get { storage[offset] }
        set { storage[offset] = newValue }
    }
}

extension FixedBytes: Equatable {
    /// Without an early exit, so that the comparison is branch-free and equally long for all values.
    @inlinable @inline(__always)
    package static func == (left: Self, right: Self) -> Bool {
        var difference: UInt8 = 0
        for offset in left.storage.indices {
            difference |= left.storage[offset] ^ right.storage[offset]
        }
        return difference == 0
    }
}

extension FixedBytes: Hashable {
    @inlinable @inline(__always)
    package func hash(into hasher: inout Hasher) {
        unsafe withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}

extension FixedBytes: Comparable {
    @inlinable @inline(__always)
    package static func < (left: Self, right: Self) -> Bool {
        for offset in left.storage.indices where left.storage[offset] != right.storage[offset] {
            return left.storage[offset] < right.storage[offset]
        }
        return false
    }
}

extension FixedBytes: CustomStringConvertible {
    /// Lower-case hexadecimal with `0x`, as the RPC writes hashes.
    package var description: String { "0x" + Hex.encode(bytes) }
}

extension FixedBytes: BorshCodable {
    @inlinable @inline(__always)
    package func encode(to writer: inout BorshWriter) {
        unsafe withUnsafeBytes { unsafe writer.writeRaw($0) }
    }

    @inlinable @inline(__always)
    package init(from reader: inout BorshReader) throws(BorshError) {
        let raw = try reader.readRaw(count: count)
        storage = InlineArray(repeating: 0)
        unsafe withUnsafeMutableBytes { unsafe $0.copyBytes(from: raw) }
    }
}

package enum DigestTag {}
package enum AddressTag {}
package enum PublicKeyTag {}
package enum SignatureTag {}
package enum VRFProofTag {}

/// A tagged BLAKE2b-256 hash.
package typealias Digest = FixedBytes<32, DigestTag>
/// The first 20 bytes of the tagged hash of an account's first public key.
package typealias Address = FixedBytes<20, AddressTag>
/// An Ed25519 public key (RFC 8032).
package typealias PublicKey = FixedBytes<32, PublicKeyTag>
/// An Ed25519 signature (RFC 8032).
package typealias Signature = FixedBytes<64, SignatureTag>
/// An ECVRF-EDWARDS25519-SHA512-TAI proof (RFC 9381).
package typealias VRFProof = FixedBytes<80, VRFProofTag>
