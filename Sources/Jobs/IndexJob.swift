// Indexing: the gradient row of every training record at the final adapter. A unit is a record.

package import Attribution
import Cryptography
import ExactMath
package import LanguageModel
import Primitives

package struct IndexJob: VerifiableJob {
    private static let traceTag = HashTag("openledger/index-trace/v1")

    private let gradients: GradientRows
    private let records: [TokenizedRecord?]

    /// - Parameter records: the snapshot's accepted records in order.
    package init(
        model: DecoderModel,
        adapter: LoRAAdapter,
        recipe: AdapterRecipe,
        records: [TokenizedRecord?]
    ) throws(JobFailure) {
        gradients = try makeGradientRows(model: model, adapter: adapter, recipe: recipe)
        // A record that was held out taught nothing: its row is zero.
        self.records =
            recipe.training.examples(
                of: records,
                contextLength: model.configuration.contextLength
            ).training
    }

    package var unitCount: Int { records.count }

    package func rerun(_ unit: Int) throws(JobFailure) -> UnitResult {
        let (row, trace) = try row(unit)
        return UnitResult(
            output: row.digest,
            trace: taggedHash(Self.traceTag, row.digest.bytes + trace.bytes)
        )
    }

    /// Computes the whole index: what a builder does.
    package func index(report: (Int) -> Void = { _ in }) throws(JobFailure) -> InfluenceIndex {
        var rows: [InfluenceRow] = []
        for unit in 0..<unitCount {
            rows.append(try row(unit).row)
            report(unit + 1)
        }
        do {
            return try InfluenceIndex(blockWidths: gradients.blockWidths, rows: rows)
        } catch {
            throw .malformedInput(field: "index", reason: "\(error)")
        }
    }

    private func row(_ unit: Int) throws(JobFailure) -> (row: InfluenceRow, trace: ComputationTrace)
    {
        try checkUnit(unit)
        var trace = ComputationTrace()
        do {
            return (try gradients.row(of: records[unit], trace: &trace), trace)
        } catch {
            throw .numerics("\(error)")
        }
    }
}

/// Gradient rows with the failures of a job.
package func makeGradientRows(
    model: DecoderModel,
    adapter: LoRAAdapter,
    recipe: AdapterRecipe
) throws(JobFailure) -> GradientRows {
    do {
        return try GradientRows(model: model, adapter: adapter, format: recipe.rows)
    } catch {
        throw .malformedInput(field: "adapter", reason: "\(error)")
    }
}
