import ArgumentParser
import JSON
import LanguageModel
import Ledger
import Workbench

/// What an adapter on this machine holds.
struct AdapterInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Settings, canonical root and the size of every pair of a PEFT folder."
    )
    @Argument(help: "The PEFT folder.") var folder: String
    @Option(help: "Its base model: a GGUF file or a Hugging Face folder.") var model: String
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        let answer = try ToolFailure.translating {
            try AdapterTools.inspect(folder, LocalModel.bundle(model))
        }
        print(json ? answer.compactText : TextRendering.text(answer))
    }
}

struct AdapterDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Where two PEFT folders over one model differ; ends with 6 if they do."
    )
    @Argument(help: "A PEFT folder.") var first: String
    @Argument(help: "Another.") var second: String
    @Option(help: "Their base model: a GGUF file or a Hugging Face folder.") var model: String
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        let answer = try ToolFailure.translating {
            try AdapterTools.diff(first, second, LocalModel.bundle(model).model)
        }
        print(json ? answer.compactText : TextRendering.text(answer))
        guard answer["identical"] == true else {
            throw CommandFailure(.verificationFailed, "the adapters differ")
        }
    }
}

struct AdapterMerge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Work an adapter into a model's weights; leaves a Hugging Face folder in float32."
    )
    @Argument(help: "The PEFT folder.") var folder: String
    @Option(help: "The base model: a Hugging Face folder.") var model: String
    @Option(help: "The folder to write; must not exist.") var into: String
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        let answer = try ToolFailure.translating {
            try Conversions.merge(model: model, adapter: folder, into: into)
        }
        print(json ? answer.compactText : TextRendering.text(answer))
    }
}

struct AdapterConvert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write an adapter as the GGUF file that llama.cpp loads beside the base model."
    )
    @Argument(help: "The PEFT folder.") var folder: String
    @Option(help: "Its base model: a GGUF file or a Hugging Face folder.") var model: String
    @Option(help: "The file to write; must not exist.") var into: String
    @Flag(help: "One JSON object on a line.") var json = false

    func run() throws {
        let answer = try ToolFailure.translating {
            try Conversions.gguf(
                adapter: folder,
                LocalModel.bundle(model).configuration,
                into: into
            )
        }
        print(json ? answer.compactText : TextRendering.text(answer))
    }
}

/// Takes an adapter of the sender's out of service.
struct AdapterRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take your adapter out of service; what was earned so far stays."
    )
    @Argument(help: "The adapter's id.") var adapter: DigestArgument
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let sender = try await options.sender()
        options.show(try await sender.send(.revokeAdapter(adapter: adapter.digest)))
    }
}
