import ArgumentParser
import ExactMath
import Factory
import Foundation
import JSON
import LanguageModel
import Workbench

/// What an adapter makes of rows that it may not have seen.
struct FactoryEvaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "The loss of each row without and with an adapter.",
        discussion: """
            Rows have any shape that training takes. JSON lines: a row gives \
            {"tokens","loss_before","loss_after"}, in nats a token of its answer; a row that \
            training would skip is answered with its reason.
            """
    )
    @OptionGroup var local: LocalModelOptions
    @Option(help: "Longer rows are cut to this many tokens.") var maxTokens = 512
    @Flag(help: "Count the loss of prompts too, not of answers alone.") var lossOnAll = false
    @Argument(help: "A file of rows; - or nothing is standard input.") var file: String?
    @Flag(help: "JSON lines; without it one summary.") var json = false

    func validate() throws {
        guard maxTokens >= 2 else { throw ValidationError("--max-tokens must be 2 or more") }
    }

    func run() throws {
        try ToolFailure.translating {
            var evaluation = RowEvaluation(
                try local.load(),
                maxTokens: maxTokens,
                lossTokens: lossOnAll ? .all : .completion
            )
            let summary = try LineProtocol.run(
                LineReader(more: try InputFile.stream(file ?? "-")),
                answerLine: { try evaluation.evaluate($0) },
                write: { if json { try StandardOutput.write($0) } }
            )
            if !json { print(TextRendering.text(evaluation.summary)) }
            try ToolFailure.check(summary)
        }
    }
}
