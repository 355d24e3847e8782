package import Primitives

/// How much one contributor's records helped (positive) or hurt (negative) one query.
package struct ContributorShare: Sendable, Hashable {
    /// A query's record scores are scaled so that their magnitudes sum to this, each rounded
    /// toward zero; so a query's weights never exceed it in total.
    package static let scale: Int64 = 1 << 32

    package let contributor: Address
    /// The signed sum of the scaled scores of the contributor's clusters.
    package let weight: Int64

    package init(contributor: Address, weight: Int64) {
        self.contributor = contributor
        self.weight = weight
    }
}

extension ContributorShare: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(contributor)
        writer.write(weight)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        contributor = try Address(from: &reader)
        weight = try reader.readInt64()
        try reader.require((-Self.scale...Self.scale).contains(weight), "weight")
    }
}
