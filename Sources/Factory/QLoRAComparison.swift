// What training over a base in four bits costs and saves: QLoRA beside LoRA, on one recipe.

import Commitments
import ExactMath
package import JSON
import Jobs
package import LanguageModel

package struct QLoRAComparison: Sendable, Equatable {
    /// One of the two runs.
    package struct Side: Sendable, Equatable {
        /// Mean loss a token on held-out records; nil without any.
        package let heldOutBefore: Double?
        package let heldOutAfter: Double?
        /// The running mean of the training loss at the end.
        package let lastLoss: Double?
        package let cost: TrainingCost
        /// What the base's matrices take.
        package let baseBytes: Int

        /// The base and what training needed beside it; nil where the system does not say.
        package var memoryBytes: Int? { cost.addedMemoryBytes.map { $0 + baseBytes } }
    }

    package let lora: Side
    /// The same, over the base with its layers in NF4 with double quantisation.
    package let qlora: Side
}

extension FactoryInput {
    /// Trains once more by the same recipe, over the base in NF4, and puts the two side by side.
    /// The second adapter is not kept: it belongs to another base.
    ///
    /// - Parameters:
    ///   - files: those that the base was read from.
    ///   - result: what the run over the base itself gave.
    ///   - onProgress: called after each step; returning false stops.
    package func comparison(
        withNF4Of files: ModelBundle.Files,
        _ result: FactoryResult,
        onProgress: (FactoryProgress) -> Bool = { _ in true }
    ) throws(FactoryError) -> QLoRAComparison {
        let model: DecoderModel
        do throws(ModelBundle.Failure) {
            model = try DecoderModel.inNF4(files)
        } catch {
            throw .quantisation("\(error)")
        }
        let lora = QLoRAComparison.Side(
            heldOutBefore: result.report.heldOutBefore,
            heldOutAfter: result.report.heldOutAfter,
            lastLoss: result.log.last?.smoothedLoss,
            cost: result.cost,
            baseBytes: base.model.weights.byteCount
        )
        return QLoRAComparison(lora: lora, qlora: try side(over: model, onProgress))
    }

    private func side(
        over model: DecoderModel,
        _ onProgress: (FactoryProgress) -> Bool
    ) throws(FactoryError) -> QLoRAComparison.Side {
        let evaluator = Evaluator(base, recipe: recipe.training)
        let held = evaluator.tokenized(heldOut).compactMap { $0 }
        let records = evaluator.tokenized(records)
        let before = try Self.loss(held, model, nil)
        let trained = try train(model, records, nil, 0, onProgress)
        return QLoRAComparison.Side(
            heldOutBefore: before,
            heldOutAfter: try Self.loss(held, model, trained.adapter),
            lastLoss: trained.log.last?.smoothedLoss,
            cost: trained.cost,
            baseBytes: model.weights.byteCount
        )
    }

    private static func loss(
        _ records: [TokenizedRecord],
        _ model: DecoderModel,
        _ adapter: LoRAAdapter?
    ) throws(FactoryError) -> Double? {
        guard !records.isEmpty else { return nil }
        do throws(ModelError) {
            guard let adapter else { return try model.meanLoss(records) }
            let prepared = try PreparedAdapter(adapter, for: model.configuration)
            return try model.meanLoss(records, adapter: prepared)
        } catch {
            throw .model(error)
        }
    }
}

extension QLoRAComparison {
    package var json: JSON { ["lora": lora.json, "qlora": qlora.json] }
}

extension QLoRAComparison.Side {
    fileprivate var json: JSON {
        func real(_ value: Double?) -> JSON {
            value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
        }
        return [
            "held_out_loss_before": real(heldOutBefore),
            "held_out_loss_after": real(heldOutAfter),
            "training_loss": real(lastLoss),
            "seconds": real(cost.seconds),
            "tokens_per_second": real(cost.tokensPerSecond),
            "base_bytes": .integer(baseBytes),
            "memory_bytes": memoryBytes.map { .integer($0) } ?? .null,
        ]
    }
}
