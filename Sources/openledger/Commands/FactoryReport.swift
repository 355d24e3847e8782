import ArgumentParser
import Factory
import Foundation
import JSON
import Jobs
import LanguageModel
import Workbench

/// What a run left behind, or what a dataset is made of before there is one.
struct FactoryReport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "What a dataset is made of, or what a training run did.",
        discussion: """
            For a folder that training wrote: losses, held-out text, costs, and the report on the \
            data with suspected mislabels. For a dataset, as training takes it: lengths, \
            duplicates, near-duplicates, conflicting answers, languages, skipped rows.
            """
    )
    @Argument(help: "The folder that training wrote, or a dataset: a file, or a folder of JSONL.")
    var path: String
    @Option(help: "Count tokens as this model does: a GGUF file or a Hugging Face folder.")
    var model: String?
    @Option(help: "Count the records that have more tokens than this.") var maxTokens = 512
    @Flag(help: "One JSON object on a line.") var json = false

    func validate() throws {
        guard maxTokens >= 2 else { throw ValidationError("--max-tokens must be 2 or more") }
    }

    func run() throws {
        if FileManager.default.fileExists(atPath: path + "/" + AdapterFolder.configuration) {
            let report = try ToolFailure.translating { try RunReport.read(path) }
            print(json ? report.compactText : TextRendering.text(report))
            return
        }
        let (records, skipped) = try DataFiles.rows(at: path)
        let tokens = try model.map { path in
            let bundle = try ModelFiles.load(path)
            return RecordTokens(tokenizer: bundle.tokenizer, configuration: bundle.configuration)
        }
        let report = DataReport(
            records,
            skipped: skipped,
            tokens: tokens,
            tokenLimit: maxTokens
        )
        print(json ? report.json.compactText : report.text, terminator: json ? "\n" : "")
    }
}
