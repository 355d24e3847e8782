import ArgumentParser
import Foundation
import JSON
import LanguageModel
import Workbench

/// What a model's files say.
struct ModelInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shape, tokens, tensor types and the root of a model on this machine."
    )
    @Option(help: "A GGUF file or a Hugging Face folder.") var model: String
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        let description = try ToolFailure.translating { try ModelInspection.describe(model) }
        print(json ? description.compactText : TextRendering.text(description))
    }
}

struct ModelTokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Text to token ids. JSON lines: {\"text\"} gives {\"ids\"}, {\"ids\"} {\"text\"}."
    )
    @Option(help: "A GGUF file or a Hugging Face folder.") var model: String
    @OptionGroup var input: ToolInput

    func run() throws {
        let tools = ModelTools(try ToolFailure.translating { try LocalModel(path: model) })
        try input.run(answer: tools.tokenize) { answer in
            let ids = answer["ids"]?.array?.compactMap { $0.integer(UInt32.self) } ?? []
            return TextRendering.table(
                ["position", "id", "token"],
                ids.enumerated().map { ["\($0)", "\($1)", tools.quoted($1)] }
            )
        }
    }
}

struct ModelLogits: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logits",
        abstract: "The likeliest next tokens after every token of a text, and its mean loss.",
        discussion: """
            JSON lines: {"text"} or {"ids"} gives {"ids","mean_nll","positions":\
            [{"position","top":[[id,logprob],…]}]}. Position p is after the tokens 0 to p; the \
            mean is over the tokens from 1 on, in nats.
            """
    )
    @OptionGroup var local: LocalModelOptions
    @Option(help: "How many tokens to name at each position, 0 to 1000.")
    var top = ModelTools.defaultTop
    @OptionGroup var input: ToolInput

    func validate() throws {
        guard (0...ModelTools.topLimit).contains(top) else {
            throw ValidationError("--top must be 0 to \(ModelTools.topLimit)")
        }
    }

    func run() throws {
        let tools = ModelTools(try ToolFailure.translating { try local.load() })
        try input.run(answer: { try tools.logits($0, top: top) }) { answer in
            let ids = answer["ids"]?.array?.compactMap { $0.integer(UInt32.self) } ?? []
            let rows = (answer["positions"]?.array ?? []).enumerated().map { position, entry in
                [
                    "\(position)",
                    ids.indices.contains(position) ? tools.quoted(ids[position]) : "",
                    (entry["top"]?.array ?? []).prefix(5).map { pair in
                        let id = pair.array?.first?.integer(UInt32.self) ?? 0
                        let value = pair.array?.last?.double ?? 0
                        return "\(tools.quoted(id)) \(String(format: "%.3f", value))"
                    }.joined(separator: "  "),
                ]
            }
            return TextRendering.table(
                ["position", "token", "likeliest next, log-probability"],
                rows
            )
                + ["mean loss: \(answer["mean_nll"]?.compactText ?? "-") nats a token"]
        }
    }
}

struct ModelGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "The likeliest continuation, token after token. "
            + "JSON lines: {\"text\",\"max_tokens\"} gives {\"ids\",\"text\"}."
    )
    @OptionGroup var local: LocalModelOptions
    @Option(help: "The most tokens, where a line does not say.")
    var maxTokens = ModelTools.defaultMaxTokens
    @OptionGroup var input: ToolInput

    func validate() throws {
        guard (0...ModelTools.tokenLimit).contains(maxTokens) else {
            throw ValidationError("--max-tokens must be 0 to \(ModelTools.tokenLimit)")
        }
    }

    func run() throws {
        let tools = ModelTools(try ToolFailure.translating { try local.load() })
        try input.run(answer: { try tools.generate($0, maxTokens: maxTokens) }) { answer in
            [answer["text"]?.string ?? ""]
        }
    }
}

struct ModelPerplexity: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perplexity",
        abstract: "How well a model expects a text. "
            + "JSON lines: {\"text\"} gives {\"tokens\",\"mean_nll\",\"perplexity\"}."
    )
    @OptionGroup var local: LocalModelOptions
    @Option(help: "Tokens that are read at once; the model's context, or 2048, unless told.")
    var window: Int?
    @OptionGroup var input: ToolInput

    func run() throws {
        let tools = ModelTools(try ToolFailure.translating { try local.load() })
        let context = tools.local.bundle.configuration.contextLength
        let window = window ?? min(context, 2_048)
        guard (2...max(context, 2)).contains(window) else {
            throw CommandFailure(.badInput, "--window must be 2 to \(context), the context")
        }
        try input.run(answer: { try tools.perplexity($0, window: window) }) { answer in
            TextRendering.text(answer).split(separator: "\n").map { String($0) }
        }
    }
}

/// A model's twin in four bits.
struct ModelQuantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Write a Hugging Face folder with its layers in NF4, as bitsandbytes keeps them."
    )
    @Option(help: "A Hugging Face folder.") var model: String
    @Option(help: "The folder to write; must not exist.") var into: String
    @Flag(help: "Keep the scales of blocks in float32 instead of quantising them as well.")
    var single = false
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        let answer = try ToolFailure.translating {
            try Conversions.nf4(model: model, into: into, isDouble: !single)
        }
        print(json ? answer.compactText : TextRendering.text(answer))
    }
}
