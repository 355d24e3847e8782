// The loss of rows without and with an adapter, one row at a time.

import ExactMath
import Factory
package import JSON
import Jobs
package import LanguageModel

package struct RowEvaluation: Sendable {
    private let local: LocalModel
    private let maxTokens: Int
    private let lossTokens: LossTokens
    private let tokens: RecordTokens
    private var rows = 0
    private var targets = 0
    private var before = 0.0
    private var after = 0.0

    /// - Parameter lossTokens: which tokens are targets.
    package init(_ local: LocalModel, maxTokens: Int, lossTokens: LossTokens = .completion) {
        self.local = local
        self.lossTokens = lossTokens
        self.maxTokens = min(maxTokens, local.bundle.configuration.contextLength)
        tokens = RecordTokens(
            tokenizer: local.bundle.tokenizer,
            configuration: local.bundle.configuration
        )
    }

    /// A row of a dataset gives `{"tokens","loss_before","loss_after"}`: the answer's tokens and
    /// their mean loss in nats. `loss_after` is null where there is no adapter.
    package mutating func evaluate(_ line: [UInt8]) throws(LineDefect) -> JSON {
        let dataset: Dataset
        do {
            dataset = try Dataset(jsonLines: line)
        } catch .empty(let skipped) {
            throw LineDefect(skipped.first.map { "\($0.reason)" } ?? "the line is blank")
        } catch {
            throw LineDefect(error.description)
        }
        guard
            let record = dataset.records.first.flatMap({ tokens.record($0) })?
                .example(lossTokens, limit: maxTokens)
        else { throw LineDefect("the row has no answer within \(maxTokens) tokens") }
        let (plain, adapted) = try losses(record)
        let count = plain.count
        rows += 1
        targets += count
        before += plain.reduce(0, +)
        after += adapted?.reduce(0, +) ?? 0
        return [
            "tokens": .integer(count),
            "loss_before": .real(plain.reduce(0, +) / Double(count)),
            "loss_after": .real(adapted.map { $0.reduce(0, +) / Double(count) }),
        ]
    }

    private func losses(
        _ record: TokenizedRecord
    ) throws(LineDefect) -> (plain: [Double], adapted: [Double]?) {
        let model = local.bundle.model
        do {
            let plain = try model.tokenLosses(record)
            guard let adapter = local.adapter else { return (plain, nil) }
            return (plain, try model.tokenLosses(record, adapter: adapter))
        } catch {
            throw LineDefect(error)
        }
    }

    /// The means over all tokens of all rows so far.
    package var summary: JSON {
        func mean(_ sum: Double) -> Double? { targets == 0 ? nil : sum / Double(targets) }
        let change = before > 0 && local.adapter != nil ? after / before - 1 : nil
        return [
            "rows": .integer(rows), "tokens": .integer(targets),
            "loss_before": .real(mean(before)),
            "loss_after": .real(local.adapter == nil ? nil : mean(after)),
            "perplexity_before": .real(mean(before).map { Elementary.exp($0) }),
            "perplexity_after": .real(
                local.adapter == nil ? nil : mean(after).map { Elementary.exp($0) }
            ),
            "change": .real(change),
        ]
    }
}
