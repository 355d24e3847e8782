/// The right edge of a growing Merkle tree: enough to append and to know the root, in memory that
/// grows with the logarithm of the leaves. Gives the same roots as `MerkleTree`.
package struct MerkleFrontier<Hashing: MerkleHashing>: Sendable {
    package private(set) var count: UInt64 = 0
    /// Roots of the complete subtrees, largest first: one for each bit set in `count`.
    package private(set) var peaks: [Hashing.Hash] = []

    package init() {}

    package mutating func append(leafHash: Hashing.Hash) {
        var hash = leafHash
        for _ in 0..<count.trailingOneBitCount { hash = Hashing.node(peaks.removeLast(), hash) }
        peaks.append(hash)
        count += 1
    }

    package mutating func append(_ leaf: [UInt8]) { append(leafHash: Hashing.leaf(leaf)) }

    package var root: Hashing.Hash {
        guard var root = peaks.last else { return Hashing.emptyRoot }
        for peak in peaks.dropLast().reversed() { root = Hashing.node(peak, root) }
        return root
    }
}

extension FixedWidthInteger {
    fileprivate var trailingOneBitCount: Int { (~self).trailingZeroBitCount }
}

extension MerkleFrontier: BorshEncodable where Hashing.Hash: BorshEncodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(count)
        for peak in peaks { writer.write(peak) }
    }
}

extension MerkleFrontier: BorshDecodable where Hashing.Hash: BorshDecodable {
    package init(from reader: inout BorshReader) throws(BorshError) {
        count = try reader.readUInt64()
        try reader.require(count < UInt64.max, "leaf count")
        for _ in 0..<count.nonzeroBitCount { peaks.append(try Hashing.Hash(from: &reader)) }
    }
}
