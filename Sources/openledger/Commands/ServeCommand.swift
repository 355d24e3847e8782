import ArgumentParser

/// OpenLoRA: paid answers from verified adapters.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve adapters, ask them, and settle what they earned.",
        subcommands: [ServeRun.self, ServeAsk.self, ServeSettle.self]
    )
}
