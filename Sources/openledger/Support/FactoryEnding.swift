import ArgumentParser
import Factory
import Foundation
import JSON
import Jobs
import LanguageModel

/// What `factory train` and `factory resume` do alike: run to the end, write the folder, tell.
struct FactoryEnding {
    let folder: String
    let forgeUnit: Int?
    /// The base's files where QLoRA is to be put beside.
    let compared: ModelBundle.Files?
    let output: OutputOptions

    func run(_ input: FactoryInput, keepingIn kept: UnfinishedRun) throws {
        let bar = ProgressBar()
        var result: FactoryResult
        do {
            result = try input.run(keepingIn: kept.folder) { progress in
                bar.show(progress)
                return true
            }
            bar.finish()
            if let compared {
                Remark.write("the same recipe over the base in four bits:")
                result.comparison = try input.comparison(withNF4Of: compared, result) { progress in
                    bar.show(progress)
                    return true
                }
                bar.finish()
            }
            if let forgeUnit { result = try result.forgingTrace(unit: forgeUnit) }
            try result.write(
                to: URL(filePath: folder),
                input: input,
                provenance: kept.provenance
            )
        } catch {
            bar.finish()
            throw CommandFailure(.failed, error.description)
        }
        kept.folder.remove()
        output.show(summary(result, input))
    }

    private func summary(_ result: FactoryResult, _ input: FactoryInput) -> JSON {
        let steps = result.log
        let seconds = steps.last?.elapsed ?? 0
        func real(_ value: Double?) -> JSON {
            value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
        }
        return [
            "folder": .string(folder),
            "records": .integer(input.records.count),
            "steps": .integer(steps.count),
            "units": .integer(result.trace.snapshots.count),
            "firstLoss": real(steps.first?.loss),
            "lastLoss": real(steps.last?.smoothedLoss),
            "tokensPerSecond": real(steps.last?.tokensPerSecond),
            "seconds": real(seconds),
            "heldOutRecords": .integer(result.report.heldOutRecords),
            "heldOutBefore": real(result.report.heldOutBefore),
            "heldOutAfter": real(result.report.heldOutAfter),
            "canonicalRoot": .string("\(result.canonicalRoot)"),
            "qlora": result.comparison?.json ?? .null,
            "forgedUnit": forgeUnit.map { .integer($0) } ?? .null,
            "suspects": .array(
                result.report.suspects.map {
                    [
                        "record": .integer($0.record), "loss": real($0.loss),
                        "prompt": .string($0.prompt),
                    ]
                }
            ),
        ]
    }
}
