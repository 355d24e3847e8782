import ArgumentParser
import JSON

/// A kind of object that the chain keeps under ids.
protocol ObjectKind {
    /// The command's name, and the beginning of the method's.
    static var name: String { get }
    static var noun: String { get }
}

enum TransactionKind: ObjectKind {
    static let name = "tx"
    static let noun = "A transaction"
}

enum DatanetKind: ObjectKind {
    static let name = "datanet"
    static let noun = "A Datanet"
}

enum ContributionKind: ObjectKind {
    static let name = "contribution"
    static let noun = "A contribution"
}

enum SnapshotKind: ObjectKind {
    static let name = "snapshot"
    static let noun = "A snapshot"
}

enum ModelKind: ObjectKind {
    static let name = "model"
    static let noun = "A base model"
}

enum AdapterKind: ObjectKind {
    static let name = "adapter"
    static let noun = "An adapter"
}

enum ClaimKind: ObjectKind {
    static let name = "claim"
    static let noun = "A claim, with its panel"
}

enum ChannelKind: ObjectKind {
    static let name = "channel"
    static let noun = "A channel"
}

enum SettlementKind: ObjectKind {
    static let name = "settlement"
    static let noun = "A settlement, with its payouts"
}

/// `query claim ID`, and `claim show ID`: one command for each kind of object.
struct ObjectQuery<Kind: ObjectKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Kind.name, abstract: "\(Kind.noun) by its id.")
    }

    @Argument(help: "The id: 0x and 64 hexadecimal digits.") var id: String
    @OptionGroup var options: QueryOptions

    func run() async throws { try await options.show("\(Kind.name)_get", [.string(id)]) }
}

/// The same under the name that the object's own group uses.
struct ObjectShow<Kind: ObjectKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "show", abstract: "\(Kind.noun) by its id.")
    }

    @OptionGroup var query: ObjectQuery<Kind>

    func run() async throws { try await query.run() }
}
