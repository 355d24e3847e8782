// The log files that users of other trainers have tools for.

package import JSON
import Jobs
import LanguageModel

enum TrainingLog {
    /// `trainer_log.jsonl`: one object a step.
    static func lines(_ log: [FactoryProgress], input: FactoryInput) -> String {
        log.map { entry in
            let line: JSON = [
                "current_steps": .integer(entry.done),
                "total_steps": .integer(entry.total),
                "loss": real(entry.loss),
                "lr": real(entry.learningRate),
                "epoch": real(epoch(entry, input)),
                "percentage": real(100 * entry.fraction),
                "elapsed_time": .string(time(entry.elapsed)),
                "remaining_time": .string(time(entry.remaining)),
            ]
            return line.compactText + "\n"
        }.joined()
    }

    /// `trainer_state.json`, with the same steps as `log_history`.
    static func state(_ log: [FactoryProgress], input: FactoryInput) -> String {
        let history = log.map { entry -> JSON in
            [
                "step": .integer(entry.done), "loss": real(entry.loss),
                "learning_rate": real(entry.learningRate), "epoch": real(epoch(entry, input)),
            ]
        }
        let state: JSON = [
            "global_step": .integer(log.last?.done ?? 0),
            "max_steps": .integer(input.recipe.training.steps),
            "train_batch_size": .integer(input.recipe.training.batchSize),
            "log_history": .array(history),
        ]
        return state.prettyText + "\n"
    }

    private static func epoch(_ entry: FactoryProgress, _ input: FactoryInput) -> Double {
        let seen = Double(entry.done * input.recipe.training.batchSize)
        return seen / Double(max(1, input.records.count))
    }

    private static func real(_ value: Double?) -> JSON {
        value.flatMap { JSONNumber(($0 * 1e6).rounded() / 1e6) }.map(JSON.number) ?? .null
    }

    /// Hours, minutes and seconds, as `0:01:05`.
    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }
}

extension EvaluationReport {
    /// - Parameters:
    ///   - cost: what training took.
    ///   - comparison: the same recipe over the base in four bits.
    package func json(cost: TrainingCost, comparison: QLoRAComparison? = nil) -> JSON {
        func real(_ value: Double?) -> JSON {
            value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
        }
        let rows = suspects.map { suspect -> JSON in
            [
                "record": .integer(suspect.record), "loss": real(suspect.loss),
                "prompt": .string(suspect.prompt),
            ]
        }
        var members: [JSONObject.Member] = [
            .init(key: "held_out_records", value: .integer(heldOutRecords)),
            .init(key: "held_out_loss_before", value: real(heldOutBefore)),
            .init(key: "held_out_loss_after", value: real(heldOutAfter)),
            .init(key: "held_out_change", value: real(heldOutChange)),
            .init(key: "training_seconds", value: real(cost.seconds)),
            .init(key: "training_tokens", value: .integer(cost.tokens)),
            .init(key: "tokens_per_second", value: real(cost.tokensPerSecond)),
            .init(
                key: "peak_memory_bytes",
                value: cost.peakMemoryBytes.map { .integer($0) } ?? .null
            ),
            .init(key: "suspects", value: .array(rows)),
        ]
        if let comparison { members.append(.init(key: "qlora", value: comparison.json)) }
        return .object(JSONObject(members))
    }
}
