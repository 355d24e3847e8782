import ArgumentParser
import ExactMath
import Factory
import JSON

/// Goes on with a run that was stopped: by a signal, a full disk or a power cut.
struct FactoryResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a training run that was stopped; the result has the same bits."
    )

    @Argument(help: "The folder that the run was to write; its states are in FOLDER.run.")
    var folder: String
    @Option(help: "The base model here: a GGUF file or a Hugging Face folder.")
    var modelPath: String
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1
    @Flag(help: "Train once more over the base in four bits, and report both (QLoRA).")
    var compareQlora = false
    @OptionGroup var output: OutputOptions

    func run() throws {
        ExactRuntime.setThreads(threads)
        let (files, base) = try ModelFiles.read(modelPath)
        let (run, input) = try UnfinishedRun.open(of: folder, base: base)
        let ending = FactoryEnding(
            folder: folder,
            forgeUnit: nil,
            compared: compareQlora ? files : nil,
            output: output
        )
        try ending.run(input, keepingIn: run)
    }
}
