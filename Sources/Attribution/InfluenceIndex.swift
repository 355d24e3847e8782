// The influence index that is committed with an adapter: one row for each training record.

import Cryptography
package import ExactMath
package import Primitives

/// The rows of all training records, in the snapshot's order.
///
/// Invariant: every row has one exponent for each block and `width` values.
package struct InfluenceIndex: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case tooManyBlocks(Int)
        case blockWidthOutOfRange(block: Int, width: Int)
        case tooManyRows(Int)
        case rowMisshaped(row: Int)
        case malformed(BorshError)
    }

    package static let maximumBlocks = 4_096
    package static let maximumBlockWidth = 1 << 22
    package static let maximumRows = 1_000_000

    /// The number of integers that each LoRA tensor contributes to a row.
    package let blockWidths: [Int]
    package private(set) var rows: [InfluenceRow]

    package init(blockWidths: [Int], rows: [InfluenceRow]) throws(Failure) {
        guard blockWidths.count <= Self.maximumBlocks else {
            throw .tooManyBlocks(blockWidths.count)
        }
        for (block, width) in blockWidths.enumerated()
        where !(1...Self.maximumBlockWidth).contains(width) {
            throw .blockWidthOutOfRange(block: block, width: width)
        }
        guard rows.count <= Self.maximumRows else { throw .tooManyRows(rows.count) }
        let width = blockWidths.reduce(0, +)
        for (row, content) in rows.enumerated()
        where content.values.count != width || content.exponents.count != blockWidths.count
            || content.values.contains(.min)
        {
            throw .rowMisshaped(row: row)
        }
        self.blockWidths = blockWidths
        self.rows = rows
    }

    package var width: Int { blockWidths.reduce(0, +) }

    package var shape: Shape { Shape(blockWidths: blockWidths) }

    /// The rows as the arithmetic takes them.
    package var exactRows: InfluenceRows { shape.joined(rows) }

    /// What rows and queries have to have in common.
    package struct Shape: Sendable, Equatable {
        package let blockWidths: [Int]

        /// Nil when a row is of another shape.
        package func exactRows(_ rows: [InfluenceRow]) -> InfluenceRows? {
            let width = blockWidths.reduce(0, +)
            for row in rows
            where row.exponents.count != blockWidths.count || row.values.count != width {
                return nil
            }
            return joined(rows)
        }

        fileprivate func joined(_ rows: [InfluenceRow]) -> InfluenceRows {
            InfluenceRows(
                count: rows.count,
                widths: blockWidths.map { UInt32($0) },
                values: rows.flatMap(\.values),
                exponents: rows.flatMap(\.exponents)
            )
        }
    }

    /// The root that an adapter commits: one leaf for each row's digest.
    package var root: Digest { ContentMerkle.root(of: rows.map(\.digest)) }
}

extension InfluenceIndex {
    /// The artifact: widths, row count, then the rows' bytes.
    package var artifact: [UInt8] {
        var writer = BorshWriter()
        writer.writeLength(blockWidths.count)
        for width in blockWidths { writer.write(UInt32(width)) }
        writer.writeLength(rows.count)
        for row in rows { writer.writeRaw(row.bytes) }
        return writer.bytes
    }

    package init(artifact bytes: [UInt8]) throws(Failure) {
        let (widths, rows) = try Self.parts(of: bytes)
        try self.init(blockWidths: widths, rows: rows)
    }

    private static func parts(of bytes: [UInt8]) throws(Failure) -> ([Int], [InfluenceRow]) {
        do {
            var reader = BorshReader(bytes)
            var widths: [Int] = []
            for _ in 0..<(try reader.readLength(limit: maximumBlocks)) {
                widths.append(Int(try reader.readUInt32()))
            }
            let count = try reader.readLength(limit: maximumRows)
            // Rows without bytes would let a few bytes ask for a million of them.
            try reader.require(!widths.isEmpty || count == 0, "rows")
            var rows: [InfluenceRow] = []
            for _ in 0..<count { rows.append(try row(from: &reader, widths: widths)) }
            try reader.finish()
            return (widths, rows)
        } catch {
            throw .malformed(error)
        }
    }

    private static func row(
        from reader: inout BorshReader,
        widths: [Int]
    ) throws(BorshError) -> InfluenceRow {
        var exponents: [Int16] = []
        for _ in widths { exponents.append(Int16(bitPattern: try reader.readUInt16())) }
        let values = try reader.readRaw(count: widths.reduce(0, +))
        return InfluenceRow(
            exponents: exponents,
            values: values.map { Int8(bitPattern: $0) }
        )
    }
}
