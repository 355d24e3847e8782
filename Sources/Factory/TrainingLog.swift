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
    /// - Parameter cost: what training took.
    package func json(cost: TrainingCost) -> JSON {
        func real(_ value: Double?) -> JSON {
            value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
        }
        let rows = suspects.map { suspect -> JSON in
            [
                "record": .integer(suspect.record), "loss": real(suspect.loss),
                "prompt": .string(suspect.prompt),
            ]
        }
        return [
            "held_out_records": .integer(heldOutRecords),
            "held_out_loss_before": real(heldOutBefore),
            "held_out_loss_after": real(heldOutAfter),
            "held_out_change": real(heldOutChange),
            "training_seconds": real(cost.seconds),
            "training_tokens": .integer(cost.tokens),
            "tokens_per_second": real(cost.tokensPerSecond),
            "peak_memory_bytes": cost.peakMemoryBytes.map { .integer($0) } ?? .null,
            "suspects": .array(rows),
        ]
    }
}
