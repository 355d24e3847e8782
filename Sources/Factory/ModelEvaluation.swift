// How well a model, with or without an adapter, predicts the answers of a file.

package import Commitments
import ExactMath
package import JSON
import Jobs
package import LanguageModel

/// Loss and perplexity over records.
package struct ModelEvaluation: Sendable, Equatable {
    /// Records with a target within the token limit; others are left out.
    package let records: Int
    package let leftOut: Int
    /// Tokens that were predicted.
    package let targets: Int
    /// The mean over all target tokens, in nats.
    package let loss: Double

    package var perplexity: Double { Elementary.exp(loss) }

    /// - Parameters:
    ///   - maxTokens: records are cut to this many tokens, and to the model's context.
    ///   - lossTokens: which tokens are targets.
    ///   - report: called with the records done; returning false stops.
    package init(
        of base: ModelBundle,
        adapter: LoRAAdapter? = nil,
        on records: [DataRecord],
        maxTokens: Int = 512,
        lossTokens: LossTokens = .completion,
        report: (Int) -> Bool = { _ in true }
    ) throws(FactoryError) {
        let tokens = RecordTokens(
            tokenizer: base.tokenizer,
            configuration: base.configuration
        )
        let limit = min(maxTokens, base.configuration.contextLength)
        var sum = 0.0
        var (used, targets) = (0, 0)
        let prepared = try adapter.map { own throws(FactoryError) in
            do throws(ModelError) {
                return try PreparedAdapter(own, for: base.model)
            } catch {
                throw FactoryError.model(error)
            }
        }
        for (place, record) in records.enumerated() {
            if let example = tokens.record(record)?.example(lossTokens, limit: limit) {
                do throws(ModelError) {
                    let losses = try base.model.tokenLosses(example, adapter: prepared)
                    sum += losses.reduce(0, +)
                    targets += losses.count
                } catch {
                    throw .model(error)
                }
                used += 1
            }
            guard report(place + 1) else { throw .stopped }
        }
        guard used > 0 else { throw .noUsableRecords(records: records.count) }
        self.records = used
        leftOut = records.count - used
        self.targets = targets
        loss = sum / Double(targets)
    }
}

extension ModelEvaluation {
    package var json: JSON {
        func real(_ value: Double) -> JSON { JSONNumber(value).map(JSON.number) ?? .null }
        return [
            "records": .integer(records), "left_out": .integer(leftOut),
            "tokens": .integer(targets), "loss": real(loss), "perplexity": real(perplexity),
        ]
    }
}
