import ArgumentParser

/// ModelFactory: fine-tuning on snapshots.
struct FactoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "factory",
        abstract: "Train adapters on frozen snapshots.",
        subcommands: [FactoryTrain.self]
    )
}
