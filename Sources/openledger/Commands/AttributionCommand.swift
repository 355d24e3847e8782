import ArgumentParser
import ExactMath
import Foundation
import JSON
import LanguageModel
import Workbench

/// Which training texts moved an answer.
struct AttributionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attribution",
        abstract: "Measure which training texts help or hurt a text, on this machine.",
        subcommands: [AttributionScore.self]
    )
}

extension EstimatorKind: ExpressibleByArgument {}

struct AttributionScore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "A score of every training text for every query.",
        discussion: """
            Both files hold {"text"} a line; the loss counts on all tokens but the first. For each \
            query one line {"loss","gradient_norm","scores":[one per training line]}; positive \
            helped. A bad training line scores null and is named on standard error.
            """
    )
    @Option(help: "A GGUF file or a Hugging Face folder.") var model: String
    @Option(help: "A PEFT folder.") var adapter: String
    @Option(help: "Training texts, JSON lines.") var train: String
    @Option(help: "Query texts, JSON lines; - is standard input.") var query: String
    @Option(help: "How to score.") var estimator = EstimatorKind.block
    @Option(help: "Longer texts are cut to this many tokens.")
    var maxTokens = AttributionTools.defaultMaxTokens
    @Option(help: "Columns that long gradients are projected to; 0 keeps them whole.")
    var columns = 0
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1
    @Flag(help: "JSON lines; without it a table of the highest scores.") var json = false

    func validate() throws {
        guard maxTokens >= 2 else { throw ValidationError("--max-tokens must be 2 or more") }
        if estimator != .block, columns != 0 {
            throw ValidationError("--columns is for the block estimator")
        }
    }

    func run() throws {
        ExactRuntime.setThreads(threads)
        try ToolFailure.translating {
            let queries = LineReader(more: try InputFile.stream(query))
            let training = LineReader(more: try InputFile.stream(train))
            let bundle = try LocalModel.bundle(model)
            let tools = try AttributionTools(
                model: bundle,
                adapter: LocalModel.adapter(adapter, for: bundle.configuration),
                training: training,
                estimator: estimator,
                maxTokens: maxTokens,
                columns: columns
            )
            for (line, defect) in tools.defects {
                Remark.write("\(train): \(defect.json(line: line).compactText)")
            }
            var summary = try LineProtocol.run(queries, answer: tools.score) { line in
                try StandardOutput.write(json ? line : Self.table(line))
            }
            summary.lines += tools.lines
            summary.defects += tools.defects.count
            try ToolFailure.check(summary)
        }
    }

    /// The ten highest scores of one query.
    private static func table(_ line: [UInt8]) -> [UInt8] {
        guard let answer = try? JSON.parse(Array(line)), let scores = answer["scores"]?.array else {
            return line
        }
        let order = scores.indices.sorted {
            (scores[$1].double ?? -.infinity, $0) < (scores[$0].double ?? -.infinity, $1)
        }
        let rows = order.prefix(10).map { ["\($0 + 1)", scores[$0].compactText] }
        let header = "loss \(answer["loss"]?.compactText ?? "-")"
        let lines = [header] + TextRendering.table(["training line", "score"], rows) + [""]
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
