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

    /// The mean loss of each record's targets; nil for one without any.
    ///
    /// - Parameter report: called with the records done; returning false stops.
    func losses(
        _ records: [TokenizedRecord?],
        adapter: PreparedAdapter,
        report: (Int) -> Bool
    ) throws(FactoryError) -> [Double?] {
        var losses: [Double?] = []
        for record in records {
            guard report(losses.count + 1) else { throw .stopped }
            do throws(ModelError) {
                losses.append(
                    try record.map { own throws(ModelError) in
                        try bundle.model.meanLoss([own], adapter: adapter)
                    }
                )
            } catch {
                throw .model(error)
            }
        }
        return losses
    }
}

extension EvaluationReport.Suspect {
    /// The `count` records of highest loss.
    static func highest(
        _ count: Int,
        of losses: [Double?],
        _ records: [DataRecord]
    ) -> [EvaluationReport.Suspect] {
        let found = losses.enumerated().compactMap { place, loss in
            loss.map { loss in
                let prompt = String(decoding: records[place].prompt, as: UTF8.self)
                return EvaluationReport.Suspect(
                    record: place,
                    loss: loss,
                    prompt: String(prompt.prefix(80))
                )
            }
        }
        return Array(found.sorted { ($1.loss, $0.record) < ($0.loss, $1.record) }.prefix(count))
    }
}
