package import Primitives

/// The way from the root to a node: the first `count` half-bytes of a key hash.
///
/// Invariant: the half-bytes of `prefix` from `count` on are zero, so equal paths are equal values.
package struct NibblePath: Sendable, Hashable {
    package static let limit = 64
    package static let root = NibblePath(prefix: .zero, count: 0)

    package private(set) var prefix: Digest
    package private(set) var count: Int

    private init(prefix: Digest, count: Int) {
        self.prefix = prefix
        self.count = count
    }

    /// - Precondition: the path is not at its full length, and the nibble is below 16.
    package func appending(_ nibble: Int) -> NibblePath {
        precondition(count < Self.limit && (0..<16).contains(nibble))
        var longer = self
        longer.prefix[count / 2] |= UInt8(count.isMultiple(of: 2) ? nibble << 4 : nibble)
        longer.count += 1
        return longer
    }

    /// The path one step up and the last step; nil at the root.
    var parent: (path: NibblePath, nibble: Int)? {
        guard count > 0 else { return nil }
        var above = self
        above.count -= 1
        let offset = above.count / 2
        above.prefix[offset] = above.count.isMultiple(of: 2) ? 0 : above.prefix[offset] & 0xf0
        return (above, prefix.nibble(above.count))
    }

    package func isPrefix(of hash: Digest) -> Bool {
        for offset in 0..<count / 2 where prefix[offset] != hash[offset] { return false }
        return count.isMultiple(of: 2) || prefix.nibble(count - 1) == hash.nibble(count - 1)
    }
}

extension NibblePath: BorshCodable {
    /// The count in one byte, then the half-bytes, two to a byte, the earlier one high.
    package func encode(to writer: inout BorshWriter) {
        writer.write(UInt8(count))
        for offset in 0..<(count + 1) / 2 { writer.write(prefix[offset]) }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        count = Int(try reader.readUInt8())
        try reader.require(count <= Self.limit, "nibble count")
        prefix = .zero
        for offset in 0..<(count + 1) / 2 { prefix[offset] = try reader.readUInt8() }
        try reader.require(
            count.isMultiple(of: 2) || prefix.nibble(count) == 0,
            "nibble padding"
        )
    }
}

extension Digest {
    /// Half-byte `index` of 64, the high half of each byte first.
    func nibble(_ index: Int) -> Int {
        let byte = self[index / 2]
        return Int(index.isMultiple(of: 2) ? byte >> 4 : byte & 15)
    }

    /// Bit `index` of 256, the highest of each byte first.
    func bit(_ index: Int) -> Bool { self[index / 8] >> (7 - index % 8) & 1 == 1 }
}
