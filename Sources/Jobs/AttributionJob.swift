// Attribution: which contributors' records influenced an answer. A unit is a receipt.

package import Attribution
package import Commitments
import Cryptography
package import ExactMath
package import LanguageModel
import Primitives

/// Attributes served answers to the contributors of the training records.
///
/// A near-duplicate cluster counts once, with its members' mean, and is credited to the owner of
/// its earliest record: copies gain nothing and cost their owner nothing either.
package struct AttributionJob: VerifiableJob {
    private static let scoresTag = HashTag("openledger/influence-scores/v1")
    private static let traceTag = HashTag("openledger/attribution-trace/v1")

    private let gradients: GradientRows
    private let estimator: InfluenceEstimator
    private let targets: LossTokens
    private let clusters: ClusterShares
    private let receipts: [InferenceReceipt]
    /// Units that are scored already.
    private var scored: [Int: Scored] = [:]

    private struct Scored {
        let query: InfluenceRow
        let trace: ComputationTrace
        var weights: [Int64] = []
    }

    /// - Parameters:
    ///   - adapter: the one that answered, made by `recipe`.
    ///   - index: its influence index, one row for each accepted record of `table`.
    ///   - table: the snapshot's leaves.
    package init(
        model: DecoderModel,
        adapter: LoRAAdapter,
        recipe: AdapterRecipe,
        index: InfluenceIndex,
        table: [SnapshotLeaf],
        receipts: [InferenceReceipt]
    ) throws(JobFailure) {
        clusters = try ClusterShares(table)
        guard index.rows.count == clusters.acceptedCount else {
            throw .malformedInput(
                field: "index",
                reason: "has \(index.rows.count) rows for \(clusters.acceptedCount) records"
            )
        }
        do {
            estimator = try InfluenceEstimator(index, rule: recipe.damping)
        } catch {
            throw .numerics("\(error)")
        }
        gradients = try makeGradientRows(model: model, adapter: adapter, recipe: recipe)
        targets = recipe.training.lossTokens
        self.receipts = receipts
    }

    package var unitCount: Int { receipts.count }

    package func rerun(_ unit: Int) throws(JobFailure) -> UnitResult {
        let explained = try explain(unit)
        var hasher = TaggedHasher(Self.traceTag)
        hasher.update(explained.query.digest.bytes)
        hasher.update(explained.trace.bytes)
        for weight in explained.weights { hasher.update(Self.bytes(of: weight)) }
        return UnitResult(output: explained.attribution.digest, trace: hasher.finalize())
    }

    /// One query's attribution with what it was computed from.
    package struct Explanation: Sendable {
        package let query: InfluenceRow
        package let trace: ComputationTrace
        /// The signed weight of each accepted record, in the snapshot's order.
        package let weights: [Int64]
        package let attribution: QueryAttribution
    }

    package func explain(_ unit: Int) throws(JobFailure) -> Explanation {
        try checkUnit(unit)
        let receipt = receipts[unit]
        let own: Scored
        if let known = scored[unit] {
            own = known
        } else {
            own = try scores(of: [try query(unit)])[0]
        }
        var hasher = TaggedHasher(Self.scoresTag)
        for weight in own.weights { hasher.update(Self.bytes(of: weight)) }
        let attribution = QueryAttribution(
            receipt: receipt.digest,
            fee: receipt.fee,
            scores: hasher.finalize(),
            shares: clusters.shares(of: own.weights)
        )
        guard let attribution else {
            throw .malformedInput(
                field: "contributors",
                reason: "are more than \(QueryAttribution.shareLimit)"
            )
        }
        return Explanation(
            query: own.query,
            trace: own.trace,
            weights: own.weights,
            attribution: attribution
        )
    }

    /// Scores all these queries together: they share the kernels of the index.
    package func prepared(for units: [Int]) -> AttributionJob {
        var queries: [(unit: Int, scored: Scored)] = []
        for unit in units where receipts.indices.contains(unit) {
            guard let query = try? query(unit) else { continue }
            queries.append((unit, query))
        }
        guard let scores = try? scores(of: queries.map(\.scored)) else { return self }
        var job = self
        for (query, scores) in zip(queries, scores) { job.scored[query.unit] = scores }
        return job
    }

    /// The gradient of an answer, not scored yet.
    private func query(_ unit: Int) throws(JobFailure) -> Scored {
        var trace = ComputationTrace()
        do {
            let row = try gradients.row(of: exchange(receipts[unit]), trace: &trace)
            return Scored(query: row, trace: trace)
        } catch {
            throw .numerics("\(error)")
        }
    }

    private func scores(of queries: [Scored]) throws(JobFailure) -> [Scored] {
        let weights: [[Int64]]
        do {
            weights = try estimator.weights(for: queries.map(\.query))
        } catch {
            throw .numerics("\(error)")
        }
        return zip(queries, weights).map { query, weights in
            Scored(query: query.query, trace: query.trace, weights: weights)
        }
    }

    /// Question and answer as a training record: of a query the same tokens count as of a record.
    private func exchange(_ receipt: InferenceReceipt) -> TokenizedRecord? {
        let tokens = receipt.prompt + receipt.completion
        let record = TokenizedRecord(tokens: tokens, completionStart: receipt.prompt.count)
        return record?.example(targets, limit: tokens.count)
    }

    private static func bytes(of weight: Int64) -> [UInt8] {
        var writer = BorshWriter()
        writer.write(weight)
        return writer.bytes
    }
}
