import ArgumentParser
import JSON
import Ledger
import Primitives

/// Pools of data.
struct DatanetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "datanet",
        abstract: "Create a Datanet, contribute to it, screen and freeze it.",
        subcommands: [
            DatanetCreate.self, DatanetCommit.self, DatanetReveal.self, DatanetScreen.self,
            DatanetFreeze.self, ObjectShow<DatanetKind>.self,
        ]
    )
}

struct DatanetCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Open a Datanet that you own."
    )
    @Option(help: "A name, at most 64 bytes.") var name: String
    @Option(help: "The licence of the data, such as CC0-1.0.") var licence: String
    @Option(help: "The bond in OPEN for each contributed record.")
    var bondPerRecord: AmountArgument?
    @Option(help: "The owner's part of what contributors earn, in thousandths.")
    var ownerPerMille: UInt16 = 0
    @OptionGroup var options: SendingOptions

    func run() async throws {
        for (field, text) in [("name", name), ("licence", licence)]
        where !(1...ActionLimit.name).contains(text.utf8.count) {
            throw CommandFailure(
                .badInput,
                "the \(field) has \(text.utf8.count) bytes; 1 to \(ActionLimit.name) are allowed"
            )
        }
        guard ownerPerMille <= 1_000 else {
            throw CommandFailure(.badInput, "the owner's part is at most 1000 thousandths")
        }
        let sender = try await options.sender()
        let body = CreateDatanet(
            name: Array(name.utf8),
            licence: Array(licence.utf8),
            admission: .open,
            bondPerRecord: bondPerRecord?.amount ?? .zero,
            ownerPerMille: ownerPerMille
        )
        let sent = try await sender.send(.createDatanet(body))
        options.show(sent, [.init(key: "datanet", value: .string("\(sent.id)"))])
    }
}

struct DatanetFreeze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "Make a snapshot of a final screening claim."
    )
    @Argument(help: "The Datanet's id.") var datanet: DigestArgument
    @Option(help: "The screening claim's id.") var claim: DigestArgument
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let sender = try await options.sender()
        let body = FreezeSnapshot(datanet: datanet.digest, claim: claim.digest)
        let sent = try await sender.send(.freezeSnapshot(body))
        options.show(sent, [.init(key: "snapshot", value: .string("\(sent.id)"))])
    }
}
