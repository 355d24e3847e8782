import ArgumentParser

/// ModelFactory: fine-tuning on snapshots.
struct FactoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "factory",
        abstract: "Train adapters, and see what training did.",
        subcommands: [
            FactoryTrain.self, FactoryResume.self, FactoryEvaluate.self, FactoryReport.self,
        ]
    )
}
