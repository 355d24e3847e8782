// Scores of training texts for queries: how much each helped (positive) or hurt (negative).

import Attribution
import ExactMath
package import JSON
package import LanguageModel
import Primitives

package enum EstimatorKind: String, Sendable, CaseIterable {
    /// The paid estimator, over rows as the influence index stores them.
    case block
    /// Cosine and product of whole gradients.
    case cosine, dot
}

/// Training texts with their gradients, ready to score queries.
package struct AttributionTools {
    /// Whole gradients in memory, in bytes.
    package static let gradientLimit = 8 << 30
    package static let defaultMaxTokens = 512

    private let local: LocalModel
    private let adapter: PreparedAdapter
    private let maxTokens: Int
    private let scorer: any QueryScorer
    /// For each training line its place among the scores; nil where the line is bad.
    private let places: [Int?]

    /// How many training lines there are.
    package var lines: Int { places.count }

    /// The bad training lines, with their numbers from 1; their scores are null.
    package let defects: [(line: Int, defect: LineDefect)]

    /// - Parameters:
    ///   - training: lines of `{"text"}`; a text without a second token scores 0.
    ///   - report: called after each training line with how many are done.
    package init(
        model bundle: ModelBundle,
        adapter: LoRAAdapter,
        training: LineReader,
        estimator: EstimatorKind,
        maxTokens: Int = defaultMaxTokens,
        columns: Int = 0,
        report: (Int) -> Void = { _ in }
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
        let rows = try GradientRows(model: bundle.model, adapter: adapter, format: format)
        var builder: any ScorerBuilder =
            estimator == .block
            ? BlockBuilder(rows) : GradientBuilder(normalises: estimator == .cosine)
        var lines = training
        var places: [Int?] = []
        var defects: [(line: Int, defect: LineDefect)] = []
        var count = 0
        while let line = try lines.next() {
            do {
                guard case .bytes(let bytes) = line else {
                    throw LineDefect("the line has more than \(LineReader.byteLimit) bytes")
                }
                let text = try LineProtocol.object(of: bytes).requiredText("text")
                try builder.add(Self.gradient(text, local, prepared, self.maxTokens))
                places.append(count)
                count += 1
            } catch let defect as LineDefect {
                defects.append((places.count + 1, defect))
                places.append(nil)
            }
            report(places.count)
        }
        guard count > 0 else { throw WorkbenchError.badFile("there is no training text") }
        scorer = try builder.finish()
        self.places = places
        self.defects = defects
    }

    /// `{"text"}` gives `{"loss","gradient_norm","scores":[one per training line]}`.
    package func score(_ request: JSONObject) throws -> JSON {
        let text = try request.requiredText("text")
        guard let gradient = try Self.gradient(text, local, adapter, maxTokens) else {
            throw LineDefect(field: "text", "the text has fewer than two tokens")
        }
        let scores = try scorer.scores(gradient)
        return [
            "loss": .real(gradient.loss), "gradient_norm": .real(gradient.norm),
            "scores": .array(places.map { $0.map { .real(scores[$0]) } ?? .null }),
        ]
    }

    /// The gradient of the mean loss of all tokens but the first; nil for a text without a second.
    private static func gradient(
        _ text: String,
        _ local: LocalModel,
        _ adapter: PreparedAdapter,
        _ limit: Int
    ) throws(LineDefect) -> LoRAGradient? {
        let ids = Array(local.bundle.tokenizer.encode(text).prefix(limit))
        guard let record = TokenizedRecord(tokens: ids, completionStart: 1) else { return nil }
        var trace = ComputationTrace()
        do {
            return try local.bundle.model.recordGradient(record, adapter: adapter, trace: &trace)
        } catch {
            throw LineDefect(error)
        }
    }
}

/// Takes the gradients of training texts one after another.
private protocol ScorerBuilder {
    mutating func add(_ gradient: LoRAGradient?) throws
    mutating func finish() throws -> any QueryScorer
}

private protocol QueryScorer {
    func scores(_ query: LoRAGradient) throws -> [Double]
}

/// The paid estimator. Scores are shares of 2^32, as a settlement uses them, divided by that.
private struct BlockBuilder: ScorerBuilder {
    let format: GradientRows
    var rows: [InfluenceRow] = []

    init(_ format: GradientRows) { self.format = format }

    mutating func add(_ gradient: LoRAGradient?) throws {
        rows.append(try format.row(of: gradient))
    }

    func finish() throws -> any QueryScorer {
        let index = try InfluenceIndex(blockWidths: format.blockWidths, rows: rows)
        return BlockScorer(format: format, estimator: try InfluenceEstimator(index))
    }
}

private struct BlockScorer: QueryScorer {
    let format: GradientRows
    let estimator: InfluenceEstimator

    func scores(_ query: LoRAGradient) throws -> [Double] {
        try estimator.weights(for: format.row(of: query)).map { Double($0) / 0x1p32 }
    }
}

/// Whole gradients. Products are exact contractions tensor by tensor, summed in float64 in order.
private struct GradientBuilder: ScorerBuilder {
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
                "the gradients of \(norms.count) training texts exceed \(bytes >> 30) GiB; the "
                    + "block estimator with --columns keeps less"
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

    func scores(_ query: LoRAGradient) throws -> [Double] {
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
