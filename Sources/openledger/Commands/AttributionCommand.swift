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
        subcommands: [
            AttributionIndex.self, AttributionScore.self, AttributionSpans.self,
            AttributionExplain.self,
        ]
    )
}

extension EstimatorKind: ExpressibleByArgument {}

/// Training texts from a file; what is wrong with a line is said at once.
enum TrainingFile {
    static func read(_ path: String) throws -> TrainingTexts {
        let training = try TrainingTexts(LineReader(more: try InputFile.stream(path)))
        for (line, defect) in training.defects {
            Remark.write("\(path): \(defect.json(line: line).compactText)")
        }
        return training
    }
}

/// The model, adapter and training texts of the tools that compare gradients.
struct AttributionOptions: ParsableArguments {
    @Option(help: "A GGUF file or a Hugging Face folder.") var model: String
    @Option(help: "A PEFT folder.") var adapter: String
    @Option(help: "Training texts, JSON lines.") var train: String
    @Option(help: "Longer texts are cut to this many tokens.")
    var maxTokens = AttributionSetup.defaultMaxTokens
    @Option(help: "Columns that long gradients are projected to in rows; 0 keeps them whole.")
    var columns = 0
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1

    func validate() throws {
        guard maxTokens >= 2 else { throw ValidationError("--max-tokens must be 2 or more") }
    }

    func setup() throws -> AttributionSetup {
        ExactRuntime.setThreads(threads)
        let bundle = try LocalModel.bundle(model)
        return try AttributionSetup(
            model: bundle,
            adapter: LocalModel.adapter(adapter, for: bundle.configuration),
            maxTokens: maxTokens,
            columns: columns
        )
    }
}

struct AttributionIndex: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract:
            "Write the influence index of training texts: a row of fixed-point gradients each."
    )
    @OptionGroup var options: AttributionOptions
    @Option(help: "The file to write.") var into: String
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        try ToolFailure.translating {
            let training = try TrainingFile.read(options.train)
            let index = try options.setup().written(training)
            try InputFile.write(index.bytes, to: into)
            print(json ? index.json.compactText : TextRendering.text(index.json))
            try ToolFailure.check(.init(lines: training.count, defects: training.defects.count))
        }
    }
}

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
    @OptionGroup var options: AttributionOptions
    @Option(help: "Query texts, JSON lines; - is standard input.") var query: String
    @Option(help: "How to score.") var estimator = EstimatorKind.block
    @Flag(help: "JSON lines; without it a table of the highest scores.") var json = false

    /// Queries that are answered together where they come from a file.
    private static let batch = 64

    func validate() throws {
        if estimator == .cosine || estimator == .dot, options.columns != 0 {
            throw ValidationError("--columns is for the estimators block and datainf")
        }
    }

    func run() throws {
        try ToolFailure.translating {
            let queries = LineReader(more: try InputFile.stream(query))
            let training = try TrainingFile.read(options.train)
            let tools = try AttributionTools(
                options.setup(),
                training: training,
                estimator: estimator
            )
            // Who asks over a pipe waits for each answer.
            var summary = try LineProtocol.run(
                queries,
                batch: query == "-" ? 1 : Self.batch,
                answer: tools.score,
                write: { try StandardOutput.write(json ? $0 : Self.table($0)) }
            )
            summary.lines += training.count
            summary.defects += training.defects.count
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

struct AttributionExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "The training texts that moved a text most, and their contributors' shares.",
        discussion: """
            Training lines hold {"text"} and perhaps {"contributor"}. JSON lines: {"text"} gives \
            {"loss","helped":[{"line","share","text"}],"hurt":[…],\
            "contributors":[{"contributor","share","fraction"}]}.
            """
    )
    @OptionGroup var options: AttributionOptions
    @Option(help: "How many texts to name on each side.") var top = 5
    @OptionGroup var input: ToolInput

    func validate() throws {
        guard top >= 0 else { throw ValidationError("--top must be 0 or more") }
    }

    func run() throws {
        let tools = try ToolFailure.translating {
            try ExplainTools(
                options.setup(),
                training: TrainingFile.read(options.train),
                limit: top
            )
        }
        try input.run(answer: tools.explain) { [TextRendering.text($0)] }
    }
}

struct AttributionSpans: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spans",
        abstract: "Passages of a text that stand word for word in the training texts.",
        discussion: """
            JSON lines: {"text"} gives {"spans":[{"start","end","text","occurrences",\
            "places":[{"line","offset"}]}]}, in bytes of UTF-8.
            """
    )
    @Option(help: "Training texts, JSON lines.") var train: String
    @Option(help: "The least length of a passage, in bytes.")
    var minimum = SpanTools.defaultMinimum
    @OptionGroup var input: ToolInput

    func validate() throws {
        guard minimum >= 1 else { throw ValidationError("--minimum must be 1 or more") }
    }

    func run() throws {
        let tools = try ToolFailure.translating {
            try SpanTools(TrainingFile.read(train), minimum: minimum)
        }
        try input.run(answer: tools.spans) { [TextRendering.text($0)] }
    }
}
