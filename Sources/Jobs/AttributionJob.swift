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
        var trace = ComputationTrace()
        let query: InfluenceRow
        let weights: [Int64]
        do {
            query = try gradients.row(of: exchange(receipt), trace: &trace)
            weights = try estimator.weights(for: query)
        } catch {
            throw .numerics("\(error)")
        }
        var hasher = TaggedHasher(Self.scoresTag)
        for weight in weights { hasher.update(Self.bytes(of: weight)) }
        let attribution = QueryAttribution(
            receipt: receipt.digest,
            fee: receipt.fee,
            scores: hasher.finalize(),
            shares: clusters.shares(of: weights)
        )
        guard let attribution else {
            throw .malformedInput(
                field: "contributors",
                reason: "are more than \(QueryAttribution.shareLimit)"
            )
        }
        return Explanation(
            query: query,
            trace: trace,
            weights: weights,
            attribution: attribution
        )
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
