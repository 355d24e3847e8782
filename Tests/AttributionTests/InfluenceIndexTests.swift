import Attribution
import Primitives
import TestSupport
import Testing

@Suite("Influence index") struct InfluenceIndexTests {
    @Test("the artifact round-trips, and its root is that of the row digests")
    func roundTrip() throws {
        let index = try InfluenceEstimatorTests.index(rows: 5, seed: 2)
        let decoded = try InfluenceIndex(artifact: index.artifact)
        #expect(decoded == index)
        #expect(decoded.root == index.root)
        let shorter = try InfluenceIndex(
            blockWidths: index.blockWidths,
            rows: Array(index.rows.dropLast())
        )
        #expect(shorter.root != index.root)
    }

    @Test("every prefix of an artifact is refused")
    func prefixes() throws {
        let bytes = try InfluenceEstimatorTests.index(rows: 3, seed: 2).artifact
        for count in 0..<bytes.count {
            #expect(throws: InfluenceIndex.Failure.self) {
                try InfluenceIndex(artifact: Array(bytes.prefix(count)))
            }
        }
    }

    @Test("a few bytes cannot ask for a million rows of nothing")
    func empty() throws {
        let none: [UInt8] = [0, 0, 0, 0]
        #expect(throws: InfluenceIndex.Failure.self) {
            try InfluenceIndex(artifact: none + [64, 66, 15, 0])
        }
        #expect(try InfluenceIndex(artifact: none + none).rows.isEmpty)
    }

    @Test("misshaped rows, empty blocks and the value -128 are refused")
    func refused() {
        let row = InfluenceRow(exponents: [0], values: [1, 2])
        #expect(throws: InfluenceIndex.Failure.rowMisshaped(row: 0)) {
            try InfluenceIndex(blockWidths: [3], rows: [row])
        }
        #expect(throws: InfluenceIndex.Failure.blockWidthOutOfRange(block: 0, width: 0)) {
            try InfluenceIndex(blockWidths: [0], rows: [])
        }
        let low = InfluenceRow(exponents: [0], values: [-128, 0])
        #expect(throws: InfluenceIndex.Failure.rowMisshaped(row: 0)) {
            try InfluenceIndex(blockWidths: [2], rows: [low])
        }
    }
}
