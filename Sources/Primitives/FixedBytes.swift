// Byte strings whose length is part of their type. The tag keeps a digest from being passed where
// a key is meant; the layout and behaviour are the same for all.

/// Exactly `count` bytes, ordered lexicographically.
package struct FixedBytes<let count: Int, Tag>: Sendable {
    private var storage: InlineArray<count, UInt8>

    /// Returns nil unless `bytes` has exactly `count` elements.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == count else { return nil }
        storage = InlineArray(repeating: 0)
        for (offset, byte) in bytes.enumerated() { storage[offset] = byte }
    }

    private init(repeating byte: UInt8) { storage = InlineArray(repeating: byte) }

    package static var byteCount: Int { count }
    package static var zero: Self { Self(repeating: 0) }

    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        for offset in storage.indices { result.append(storage[offset]) }
        return result
    }

    /// - Precondition: `0 <= offset < count`.
    package subscript(offset: Int) -> UInt8 { storage[offset] }
}

extension FixedBytes: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        for offset in left.storage.indices where left.storage[offset] != right.storage[offset] {
            return false
        }
        return true
    }
}

extension FixedBytes: Hashable {
    package func hash(into hasher: inout Hasher) {
        for offset in storage.indices { hasher.combine(storage[offset]) }
    }
}

extension FixedBytes: Comparable {
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
    package func encode(to writer: inout BorshWriter) {
        for offset in storage.indices { writer.write(storage[offset]) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        storage = InlineArray(repeating: 0)
        for (offset, byte) in try reader.readRaw(count: count).enumerated() {
            storage[offset] = byte
        }
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
