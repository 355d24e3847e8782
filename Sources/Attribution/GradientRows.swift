// Makes rows of an influence index: gradient, projection, fixed point.

package import ExactMath
package import LanguageModel
package import Primitives

/// How gradients become rows. Part of an adapter's recipe.
package struct RowFormat: Sendable, Equatable {
    /// Bits of a stored value, sign included.
    package static let bits = 8
    package static let maximumColumns = 1 << 16

    /// Columns that a longer tensor is projected to; 0 keeps every tensor whole.
    package let projectionColumns: Int
    /// Source of the projection's signs.
    package let seed: Digest

    /// Returns nil unless `projectionColumns` is in `0...maximumColumns`.
    package init?(projectionColumns: Int, seed: Digest) {
        guard (0...Self.maximumColumns).contains(projectionColumns) else { return nil }
        self.projectionColumns = projectionColumns
        self.seed = seed
    }

    /// How many values a tensor of this many elements contributes.
    package func width(ofElements count: Int) -> Int {
        projectionColumns == 0 ? count : min(count, projectionColumns)
    }
}

/// The gradient rows of one adapter over one base model.
package struct GradientRows: Sendable {
    package enum Failure: Error, Equatable {
        case model(ModelError)
        case arithmetic(ExactMathError)
    }

    /// Fixed-point bits of a gradient before it is projected.
    private static let projectedBits = 20
    /// The sign matrix of block b is stream b of this domain of the seed.
    private static let signDomain: UInt32 = 16

    private let model: DecoderModel
    private let adapter: PreparedAdapter
    private let format: RowFormat
    /// Elements of each LoRA tensor, in canonical order.
    private let elements: [Int]

    package init(model: DecoderModel, adapter: LoRAAdapter, format: RowFormat) throws(Failure) {
        do {
            self.adapter = try PreparedAdapter(adapter, for: model)
        } catch {
            throw .model(error)
        }
        self.model = model
        self.format = format
        elements = adapter.modules.flatMap { [$0.a.values.count, $0.b.values.count] }
    }

    package var blockWidths: [Int] { elements.map { format.width(ofElements: $0) } }

    /// The row of a record, or of a query with its answer. A record without a target has no
    /// gradient and gives zeros.
    package func row(
        of record: TokenizedRecord?,
        trace: inout ComputationTrace
    ) throws(Failure) -> InfluenceRow {
        try measured(record, trace: &trace).row
    }

    /// A row with what was seen on the way to it.
    package struct Measured: Sendable, Equatable {
        package let row: InfluenceRow
        /// The mean loss over the record's target tokens, in nats; 0 without a target.
        package let loss: Double
        /// Before rounding and projecting.
        package let gradientNorm: Double
    }

    /// The row of a record with its loss and its gradient's norm.
    package func measured(
        _ record: TokenizedRecord?,
        trace: inout ComputationTrace
    ) throws(Failure) -> Measured {
        guard let record else {
            return Measured(row: try row(of: nil), loss: 0, gradientNorm: 0)
        }
        let gradient: LoRAGradient
        do {
            gradient = try model.recordGradient(record, adapter: adapter, trace: &trace)
        } catch {
            throw .model(error)
        }
        return Measured(
            row: try row(of: gradient),
            loss: gradient.loss,
            gradientNorm: gradient.norm
        )
    }

    /// The row of a gradient that was computed already; nil gives zeros.
    package func row(of gradient: LoRAGradient?) throws(Failure) -> InfluenceRow {
        guard let gradient else {
            return InfluenceRow(
                exponents: elements.map { _ in 0 },
                values: [Int8](repeating: 0, count: blockWidths.reduce(0, +))
            )
        }
        var exponents: [Int16] = []
        var values: [Int8] = []
        for (block, tensor) in gradient.tensors.enumerated() {
            let part = try fixed(tensor.values, block: block)
            exponents.append(part.exponent)
            values += part.values
        }
        return InfluenceRow(exponents: exponents, values: values)
    }

    private func fixed(
        _ tensor: [Float],
        block: Int
    ) throws(Failure) -> (exponent: Int16, values: [Int8]) {
        let whole = Matrix(rows: 1, columns: tensor.count, values: tensor)
        do throws(ExactMathError) {
            guard format.width(ofElements: tensor.count) < tensor.count else {
                return try Self.narrow(FixedPointRows(whole, bits: RowFormat.bits), shift: 0)
            }
            let wide = try FixedPointRows(whole, bits: Self.projectedBits)
            let sums = try IntegerProducts.projected(
                wide.integers,
                rows: 1,
                columns: tensor.count,
                signs: KeyedGenerator(
                    seed: format.seed,
                    domain: Self.signDomain,
                    stream: UInt64(block)
                ),
                to: format.projectionColumns
            )
            let projected = try FixedPointRows(
                rows: 1,
                columns: sums.count,
                values: sums.map { Double($0) },
                bits: RowFormat.bits
            )
            let shift = Int(wide.exponents[0]) - (Self.projectedBits - 1)
            return try Self.narrow(projected, shift: shift)
        } catch {
            throw .arithmetic(error)
        }
    }

    private static func narrow(
        _ row: FixedPointRows,
        shift: Int
    ) throws(ExactMathError) -> (exponent: Int16, values: [Int8]) {
        let exponent = Int(row.exponents[0]) - (RowFormat.bits - 1) + shift
        guard let stored = Int16(exactly: exponent) else { throw .outOfRange }
        return (stored, row.integers.map { Int8($0) })
    }
}
