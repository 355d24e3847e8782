// Scores of training texts for queries: how much each helped (positive) or hurt (negative).

import Attribution
import ExactMath
package import JSON
package import LanguageModel
import Primitives

package enum EstimatorKind: String, Sendable, CaseIterable {
    /// The paid estimator, and DataInf: over rows as the influence index stores them.
    case block, datainf
    /// Cosine and product of whole gradients.
    case cosine, dot
}

/// A model with the adapter whose gradients are compared.
package struct AttributionSetup: Sendable {
    package static let defaultMaxTokens = 512

    let local: LocalModel
    let adapter: PreparedAdapter
    let rows: GradientRows
    let maxTokens: Int

    /// - Parameters:
    ///   - maxTokens: longer texts are cut.
    ///   - columns: what long gradients are projected to in rows of an index; 0 keeps them whole.
    package init(
        model bundle: ModelBundle,
        adapter: LoRAAdapter,
        maxTokens: Int = defaultMaxTokens,
        columns: Int = 0
    ) throws {
        let prepared = try LocalModel.prepared(adapter, bundle)
        local = LocalModel(bundle: bundle, adapter: prepared)
        self.adapter = prepared
        self.maxTokens = min(maxTokens, bundle.configuration.contextLength)
        guard let format = RowFormat(projectionColumns: columns, seed: .zero) else {
            throw WorkbenchError.badOption(
                "columns must be 0 to \(RowFormat.maximumColumns), not \(columns)"
            )
        }
        rows = try GradientRows(model: bundle.model, adapter: adapter, format: format)
    }

    /// The gradient of the mean loss of all tokens but the first; nil for a text without a second.
    func gradient(_ text: String) throws(LineDefect) -> LoRAGradient? {
        let ids = Array(local.bundle.tokenizer.encode(text).prefix(maxTokens))
        guard let record = TokenizedRecord(tokens: ids, completionStart: 1) else { return nil }
        var trace = ComputationTrace()
        do {
            return try local.bundle.model.recordGradient(record, adapter: adapter, trace: &trace)
        } catch {
            throw LineDefect(error)
        }
    }

    func query(_ request: JSONObject) throws(LineDefect) -> LoRAGradient {
        guard let gradient = try gradient(request.requiredText("text")) else {
            throw LineDefect(field: "text", "the text has fewer than two tokens")
        }
        return gradient
    }

    /// The influence index of training texts, a row a text.
    func index(
        _ training: TrainingTexts,
        report: (Int) -> Void = { _ in }
    ) throws -> InfluenceIndex {
        var rows: [InfluenceRow] = []
        for (place, line) in training.lines.enumerated() {
            rows.append(try self.rows.row(of: line.flatMap { try gradient($0.text) }))
            report(place + 1)
        }
        return try InfluenceIndex(blockWidths: self.rows.blockWidths, rows: rows)
    }
}

extension AttributionSetup {
    /// An index as a file, and what a person wants to know of it.
    package struct WrittenIndex: Sendable {
        package let bytes: [UInt8]
        package let json: JSON
    }

    /// The bytes are those of an adapter's index artifact.
    package func written(_ training: TrainingTexts) throws -> WrittenIndex {
        let index = try index(training)
        let bytes = index.artifact
        return WrittenIndex(
            bytes: bytes,
            json: [
                "rows": .integer(index.rows.count), "blocks": .integer(index.blockWidths.count),
                "width": .integer(index.width), "bytes": .integer(bytes.count),
                "root": .string("\(index.root)"),
            ]
        )
    }
}

/// Training texts with their gradients, ready to score queries.
package struct AttributionTools {
    /// Whole gradients in memory, in bytes.
    package static let gradientLimit = 8 << 30

    private let setup: AttributionSetup
    private let training: TrainingTexts
    private let scorer: any QueryScorer

    /// - Parameter report: called after each training text with how many are done.
    package init(
        _ setup: AttributionSetup,
        training: TrainingTexts,
        estimator: EstimatorKind,
        report: (Int) -> Void = { _ in }
    ) throws {
        self.setup = setup
        self.training = training
        switch estimator {
        case .block, .datainf:
            scorer = IndexScorer(
                rows: setup.rows,
                scores: RecordScores(try setup.index(training, report: report)),
                method: estimator == .block ? .block : .datainf
            )
        case .cosine, .dot:
            var builder = GradientBuilder(normalises: estimator == .cosine)
            for (place, line) in training.lines.enumerated() {
                try builder.add(line.flatMap { try setup.gradient($0.text) })
                report(place + 1)
            }
            scorer = try builder.finish()
        }
    }

    /// For each query `{"text"}` the answer `{"loss","gradient_norm","scores":[one per training
    /// line]}`, or what is wrong with it.
    package func score(_ requests: [JSONObject]) throws -> [Result<JSON, LineDefect>] {
        let gradients = requests.map { request in
            Result { () throws(LineDefect) in try setup.query(request) }
        }
        let good = gradients.compactMap { try? $0.get() }
        var scores = try scorer.scores(good)[...]
        return gradients.map { result in
            result.map { gradient in
                let own = scores.popFirst() ?? []
                return [
                    "loss": .real(gradient.loss), "gradient_norm": .real(gradient.norm),
                    "scores": .array(
                        zip(training.lines, own).map { $0 == nil ? .null : .real($1) }
                    ),
                ]
            }
        }
    }
}

private protocol QueryScorer {
    /// For each query a score of every training line.
    func scores(_ queries: [LoRAGradient]) throws -> [[Double]]
}

/// Scores over rows of an index, in the units of each method.
private struct IndexScorer: QueryScorer {
    let rows: GradientRows
    let scores: RecordScores
    let method: InfluenceMethod

    func scores(_ queries: [LoRAGradient]) throws -> [[Double]] {
        try scores.scores(of: queries.map { try rows.row(of: $0) }, by: method)
    }
}

/// Whole gradients. Products are exact contractions tensor by tensor, summed in float64 in order.
private struct GradientBuilder {
    let normalises: Bool
    /// One list a tensor, one row a text.
    var tensors: [[Float]] = []
    var norms: [Double] = []
    var widths: [Int] = []
    /// The texts that have a gradient.
    var alive: [Int] = []
    var bytes = 0

    init(normalises: Bool) { self.normalises = normalises }

    mutating func add(_ gradient: LoRAGradient?) throws {
        norms.append(gradient?.norm ?? 0)
        guard let gradient else { return }
        alive.append(norms.count - 1)
        if widths.isEmpty {
            widths = gradient.tensors.map(\.values.count)
            tensors = widths.map { _ in [] }
        }
        bytes += 4 * widths.reduce(0, +)
        guard bytes <= AttributionTools.gradientLimit else {
            throw WorkbenchError.failed(
                "the gradients of \(norms.count) training texts exceed "
                    + "\(AttributionTools.gradientLimit >> 30) GiB; the block estimator with "
                    + "--columns keeps less"
            )
        }
        for (tensor, values) in gradient.tensors.enumerated() {
            tensors[tensor] += values.values
        }
    }

    mutating func finish() throws -> any QueryScorer {
        var matrices: [QuantizedMatrix] = []
        for (tensor, width) in widths.enumerated() {
            let rows = Matrix(rows: alive.count, columns: width, values: tensors[tensor])
            tensors[tensor] = []
            matrices.append(try QuantizedMatrix(rows))
        }
        return GradientScorer(
            normalises: normalises,
            tensors: matrices,
            norms: norms,
            alive: alive
        )
    }
}

private struct GradientScorer: QueryScorer {
    let normalises: Bool
    /// One matrix a tensor; rows are the training texts that have a gradient.
    let tensors: [QuantizedMatrix]
    let norms: [Double]
    let alive: [Int]

    func scores(_ queries: [LoRAGradient]) throws -> [[Double]] { try queries.map(scores) }

    private func scores(_ query: LoRAGradient) throws -> [Double] {
        var scores = norms.map { _ in 0.0 }
        for (tensor, matrix) in zip(query.tensors, tensors) {
            let row = Matrix(rows: 1, columns: tensor.values.count, values: tensor.values)
            let products = try Contraction.product(QuantizedMatrix(row), transposed: matrix)
            for (place, product) in zip(alive, products.values) { scores[place] += Double(product) }
        }
        guard normalises, query.norm > 0 else { return scores }
        return zip(scores, norms).map { $1 > 0 ? $0 / ($1 * query.norm) : 0 }
    }
}
