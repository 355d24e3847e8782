package import ExactMath

/// The gradient of one pair.
package struct LoRAModuleGradient: Sendable, Equatable {
    /// [rank, in]
    package let a: Matrix
    /// [out, rank]
    package let b: Matrix
}

/// The gradient of a mean token loss with respect to an adapter.
package struct LoRAGradient: Sendable, Equatable {
    /// In the order of the adapter's modules.
    package let modules: [LoRAModuleGradient]
    /// The mean loss over the target tokens, in nats; of one of several batches, its part of the
    /// mean over all of them.
    package let loss: Double
    /// How many tokens were targets.
    package let targetCount: Int

    /// Every LoRA tensor in canonical order: A, then B, module after module.
    package var tensors: [Matrix] { modules.flatMap { [$0.a, $0.b] } }

    /// The whole gradient's norm: squares summed tensor after tensor in float64.
    package var norm: Double {
        tensors.reduce(0) { $0 + Layers.sumOfSquares($1.values) }.squareRoot()
    }
}

extension LoRAGradient {
    /// The gradient of two batches' common mean, each of which was given its part.
    func adding(_ other: LoRAGradient) throws(ExactMathError) -> LoRAGradient {
        var sums: [LoRAModuleGradient] = []
        for (own, more) in zip(modules, other.modules) {
            var (a, b) = (own.a, own.b)
            try Layers.add(more.a, to: &a)
            try Layers.add(more.b, to: &b)
            sums.append(LoRAModuleGradient(a: a, b: b))
        }
        return LoRAGradient(
            modules: sums,
            loss: loss + other.loss,
            targetCount: targetCount + other.targetCount
        )
    }
}

extension DecoderModel {
    /// The gradient of one record's mean completion loss: a row of the influence index before it
    /// is projected.
    package func recordGradient(
        _ record: TokenizedRecord,
        adapter: PreparedAdapter,
        trace: inout ComputationTrace
    ) throws(ModelError) -> LoRAGradient {
        try batchGradient([record], adapter: adapter, trace: &trace)
    }

    /// The gradient of the mean loss over all target tokens of a batch.
    /// - Parameters:
    ///   - targets: what to divide by where the batch is one of several: the target tokens of all
    ///     of them.
    ///   - activations: no result depends on it.
    package func batchGradient(
        _ records: [TokenizedRecord],
        adapter: PreparedAdapter,
        targets: Int? = nil,
        activations: ActivationMemory = .kept,
        trace: inout ComputationTrace
    ) throws(ModelError) -> LoRAGradient {
        guard !records.isEmpty else { throw .emptyInput }
        if let path = adapter.untrained { throw .adapterMismatch(.hasMagnitudes(path)) }
        for record in records { try configuration.check(record.tokens) }
        do throws(ExactMathError) {
            let total = targets ?? records.reduce(0) { $0 + $1.targets.count }
            return try gradient(records, adapter, Double(total), activations, &trace)
        } catch {
            throw .arithmetic(error)
        }
    }

    private func gradient(
        _ records: [TokenizedRecord],
        _ adapter: PreparedAdapter,
        _ total: Double,
        _ activations: ActivationMemory,
        _ trace: inout ComputationTrace
    ) throws(ExactMathError) -> LoRAGradient {
        try ExactRuntime.requireExactEnvironment()
        // The last token of a sequence predicts nothing that counts.
        let batch = SequenceBatch(records.map { Array($0.tokens.dropLast()) })
        let table = try rotaryTable(first: 0, count: batch.longest)
        let (output, layers) = try recordedHidden(batch, table, adapter, activations, &trace)
        let targets = records.flatMap(\.targets)
        let counted = zip(records, batch.ranges).map { record, range in
            range.lowerBound + record.completionStart - 1..<range.upperBound
        }
        let selected = Matrix.stacked(
            counted.map { output.rows($0) },
            columns: configuration.hiddenSize
        )
        let normed = try norm(weights.finalNorm, selected)
        let logits = try Contraction.product(
            QuantizedMatrix(normed.output),
            transposed: weights.head
        )
        let (losses, dLogits) = try CrossEntropy.lossesAndGradient(
            logits,
            targets: targets,
            scale: 1 / total
        )
        let dNormed = try Contraction.product(dLogits, weights.head, trace: &trace)
        var dSelected = Matrix(rows: selected.rows, columns: selected.columns)
        try weights.finalNorm.addGradient(
            of: dNormed,
            input: selected,
            inverse: normed.inverse,
            to: &dSelected
        )
        var backward = DecoderBackward(self, adapter, batch, table)
        try backward.run(Self.scattered(dSelected, to: counted, rows: output.rows), layers, &trace)
        return LoRAGradient(
            modules: backward.gradients.compactMap { $0 },
            loss: losses.reduce(0, +) / total,
            targetCount: targets.count
        )
    }

    /// Rows of `x` at the given ranges of a matrix of zeros.
    private static func scattered(
        _ x: Matrix,
        to ranges: [Range<Int>],
        rows: Int
    ) -> Matrix {
        var values = [Float](repeating: 0, count: rows * x.columns)
        var start = 0
        for range in ranges {
            let target = range.lowerBound * x.columns..<range.upperBound * x.columns
            values.replaceSubrange(target, with: x.values[start..<start + target.count])
            start += target.count
        }
        return Matrix(rows: rows, columns: x.columns, values: values)
    }

    /// The loss of each target token of a record, in nats.
    package func tokenLosses(
        _ record: TokenizedRecord,
        adapter: PreparedAdapter? = nil
    ) throws(ModelError) -> [Double] {
        try configuration.check(record.tokens)
        var cache = KeyValueCache(for: configuration)
        var trace = ComputationTrace()
        do throws(ExactMathError) {
            let x = try hidden(Array(record.tokens.dropLast()), &cache, adapter, &trace)
            let logits = try logits(ofHidden: x.rows(record.completionStart - 1..<x.rows))
            return try CrossEntropy.losses(logits, targets: record.targets)
        } catch {
            throw .arithmetic(error)
        }
    }

    /// The mean loss over all target tokens of all records, in nats; 0 without records.
    package func meanLoss(
        _ records: [TokenizedRecord],
        adapter: PreparedAdapter? = nil
    ) throws(ModelError) -> Double {
        var sum = 0.0
        var count = 0
        for record in records {
            let losses = try tokenLosses(record, adapter: adapter)
            sum += losses.reduce(0, +)
            count += losses.count
        }
        return count == 0 ? 0 : sum / Double(count)
    }
}
