// Which records a run trains on, in what form, and which it holds out.

import ExactMath
import Primitives

/// A snapshot's records as a recipe uses them. Places are kept: what is not used is nil, so that
/// the influence index of a run has a row for every record of the snapshot.
package struct TrainingExamples: Sendable, Equatable {
    /// Cut and with their targets; nil where a record is held out or has no target left.
    package let training: [TokenizedRecord?]
    /// The same for the records that are held out.
    package let heldOut: [TokenizedRecord?]
}

extension TrainingRecipe {
    /// - Parameters:
    ///   - records: the snapshot's accepted records in order; nil for those without a target.
    ///   - contextLength: the model's limit of tokens.
    package func examples(
        of records: [TokenizedRecord?],
        contextLength: Int
    ) -> TrainingExamples {
        let isHeldOut = heldOut(among: records.count)
        let limit = min(maxTokens, contextLength)
        let usable = records.map { $0?.example(lossTokens, limit: limit) }
        return TrainingExamples(
            training: zip(usable, isHeldOut).map { $1 ? nil : $0 },
            heldOut: zip(usable, isHeldOut).map { $1 ? $0 : nil }
        )
    }

    /// Which of `count` records are held out: the first ⌊count · perMille / 1000⌋ places of a
    /// permutation from the seed.
    private func heldOut(among count: Int) -> [Bool] {
        var held = [Bool](repeating: false, count: count)
        let number = count * heldOutPerMille / 1000
        guard number > 0 else { return held }
        var generator = KeyedGenerator(seed: seed, domain: SeedDomain.heldOut)
        for place in generator.permutation(count).prefix(number) { held[place] = true }
        return held
    }
}

extension TokenizedRecord {
    /// The record cut to a number of tokens, with the targets that are asked for; nil without any.
    package func example(_ targets: LossTokens, limit: Int) -> TokenizedRecord? {
        switch targets {
        case .completion: return truncated(to: limit)
        case .all:
            let whole = TokenizedRecord(tokens: tokens, completionStart: 1)
            return whole?.truncated(to: limit)
        }
    }
}
