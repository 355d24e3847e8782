// An answer's attribution as a person reads it: which training texts mattered, and whose they were.

import Attribution
package import JSON
import LanguageModel

package struct ExplainTools {
    private static let shownCharacters = 160

    private let setup: AttributionSetup
    private let training: TrainingTexts
    private let estimator: InfluenceEstimator
    private let limit: Int

    /// - Parameters:
    ///   - limit: how many texts to name on each side.
    ///   - report: called after each training text with how many are done.
    package init(
        _ setup: AttributionSetup,
        training: TrainingTexts,
        limit: Int,
        report: (Int) -> Void = { _ in }
    ) throws {
        self.setup = setup
        self.training = training
        self.limit = limit
        estimator = try InfluenceEstimator(try setup.index(training, report: report))
    }

    /// `{"text"}` gives `{"loss","helped":[{"line","share","text"}],"hurt":[…],
    /// "contributors":[{"contributor","share","fraction"}]}`. A share is the paid estimator's, with
    /// its sign: magnitudes sum to 1. A fraction is what the contributor would be paid of one.
    package func explain(_ request: JSONObject) throws -> JSON {
        let gradient = try setup.query(request)
        let explanation = QueryExplanation(
            weights: try estimator.weights(for: setup.rows.row(of: gradient)),
            contributors: training.lines.map { $0?.contributor ?? "" },
            limit: limit
        )
        return [
            "loss": .real(gradient.loss),
            "helped": .array(explanation.helped.map(row)),
            "hurt": .array(explanation.hurt.map(row)),
            "contributors": .array(
                explanation.shares.map {
                    [
                        "contributor": .string($0.contributor),
                        "share": .real(Double($0.weight) / 0x1p32),
                        "fraction": .real($0.fraction),
                    ]
                }
            ),
        ]
    }

    private func row(_ record: QueryExplanation.Record) -> JSON {
        let text = training.lines[record.record]?.text ?? ""
        return [
            "line": .integer(record.record + 1), "share": .real(Double(record.weight) / 0x1p32),
            "text": .string(String(text.prefix(Self.shownCharacters))),
        ]
    }
}
