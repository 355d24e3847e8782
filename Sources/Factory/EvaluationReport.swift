// How much an adapter helps on records that it has not seen, and which of those that it has seen it
// still cannot explain: on every bench, high loss finds mislabelled rows best.

import Commitments
import Jobs
import LanguageModel

package struct EvaluationReport: Sendable, Equatable {
    /// A training record whose loss stands out.
    package struct Suspect: Sendable, Equatable {
        /// Its position among the training records.
        package let record: Int
        /// The mean loss of its completion's tokens under the adapter, in nats.
        package let loss: Double
        /// The first characters of its prompt.
        package let prompt: String
    }

    package let heldOutRecords: Int
    /// Mean loss a token on held-out records; nil without any.
    package let heldOutBefore: Double?
    package let heldOutAfter: Double?
    /// The highest losses first.
    package let suspects: [Suspect]

    /// The relative change of the held-out loss: −0.2 is a fifth less.
    package var heldOutChange: Double? {
        guard let heldOutBefore, let heldOutAfter, heldOutBefore > 0 else { return nil }
        return heldOutAfter / heldOutBefore - 1
    }
}

/// Runs the measurements of a report.
struct Evaluator {
    let bundle: ModelBundle
    let tokens: RecordTokens
    let limit: Int

    init(_ bundle: ModelBundle, recipe: TrainingRecipe) {
        self.bundle = bundle
        tokens = RecordTokens(
            tokenizer: bundle.tokenizer,
            configuration: bundle.configuration
        )
        limit = min(recipe.maxTokens, bundle.configuration.contextLength)
    }

    func tokenized(_ records: [DataRecord]) -> [TokenizedRecord?] {
        records.map { tokens.record($0)?.truncated(to: limit) }
    }

    /// The mean loss a target token; nil without records.
    func loss(
        _ records: [DataRecord],
        adapter: PreparedAdapter?
    ) throws(FactoryError) -> Double? {
        let usable = tokenized(records).compactMap { $0 }
        guard !usable.isEmpty else { return nil }
        do {
            return try bundle.model.meanLoss(usable, adapter: adapter)
        } catch {
            throw .model(error)
        }
    }

    /// The `count` training records of highest loss.
    ///
    /// - Parameter report: called with the records done; returning false stops.
    func suspects(
        _ records: [DataRecord],
        count: Int,
        adapter: PreparedAdapter,
        report: (Int) -> Bool
    ) throws(FactoryError) -> [EvaluationReport.Suspect] {
        guard count > 0 else { return [] }
        var found: [EvaluationReport.Suspect] = []
        for (place, record) in tokenized(records).enumerated() {
            guard report(place + 1) else { throw .stopped }
            guard let record else { continue }
            let loss: Double
            do {
                loss = try bundle.model.meanLoss([record], adapter: adapter)
            } catch {
                throw .model(error)
            }
            let prompt = String(decoding: records[place].prompt, as: UTF8.self)
            found.append(.init(record: place, loss: loss, prompt: String(prompt.prefix(80))))
        }
        found.sort { ($1.loss, $0.record) < ($0.loss, $1.record) }
        return Array(found.prefix(count))
    }
}
