package import Primitives

/// How many units of a claim a committee re-runs.
package struct SampleSize: Sendable, Hashable {
    /// A claim with at most so many units is re-run whole.
    package var whole: UInt32
    /// Distinct units drawn with equal chance.
    package var uniform: UInt32
    /// Draws in proportion to claimed pay.
    package var weighted: UInt32

    package init(whole: UInt32, uniform: UInt32, weighted: UInt32) {
        self.whole = whole
        self.uniform = uniform
        self.weighted = weighted
    }
}

extension SampleSize: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(whole)
        writer.write(uniform)
        writer.write(weighted)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        whole = try reader.readUInt32()
        uniform = try reader.readUInt32()
        weighted = try reader.readUInt32()
    }
}
