package import Primitives

/// How many units of a claim a committee re-runs, all its benches together.
package struct SampleSize: Sendable, Hashable {
    /// A claim with at most so many units is re-run whole.
    package var whole: UInt32
    /// Distinct units drawn with equal chance, at least.
    package var uniform: UInt32
    /// The part of all units that is drawn at least, whatever their number: where a single false
    /// unit can be worth everything, cutting the work into more units must not hide it.
    package var perMille: UInt16
    /// Draws in proportion to claimed pay.
    package var weighted: UInt32

    package init(whole: UInt32, uniform: UInt32, perMille: UInt16 = 0, weighted: UInt32) {
        self.whole = whole
        self.uniform = uniform
        self.perMille = perMille
        self.weighted = weighted
    }

    /// How many distinct units of so many are drawn with equal chance.
    package func distinct(of unitCount: UInt32) -> UInt32 {
        if isWhole(unitCount) { return unitCount }
        let part = (UInt64(unitCount) * UInt64(min(perMille, 1_000)) + 999) / 1_000
        return max(uniform, UInt32(clamping: part))
    }

    /// True where all units are re-run, so that pay needs no draws of its own.
    package func isWhole(_ unitCount: UInt32) -> Bool { unitCount <= max(whole, uniform) }
}

extension SampleSize: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(whole)
        writer.write(uniform)
        writer.write(perMille)
        writer.write(weighted)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        whole = try reader.readUInt32()
        uniform = try reader.readUInt32()
        perMille = try reader.readPerMille()
        weighted = try reader.readUInt32()
    }
}
