import ArgumentParser
import JSON

/// Reads the chain through a node.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Read the chain.",
        subcommands: [
            Status.self, Balance.self, AccountQuery.self, BlockQuery.self,
            ObjectQuery<TransactionKind>.self, Supply.self, Events.self, Parameters.self,
            Version.self,
            Validators.self, ObjectQuery<DatanetKind>.self, Contributions.self,
            ObjectQuery<ContributionKind>.self, ObjectQuery<SnapshotKind>.self,
            ObjectQuery<ModelKind>.self, ObjectQuery<AdapterKind>.self,
            ObjectQuery<ClaimKind>.self, ObjectQuery<ChannelKind>.self,
            ObjectQuery<SettlementKind>.self, List.self, Call.self,
        ]
    )
}

/// What every query has.
struct QueryOptions: ParsableArguments {
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func show(_ method: String, _ parameters: JSON = .array([])) async throws {
        output.show(try await node.client.call(method, parameters))
    }
}

extension QueryCommand {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Where the node stands.")
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("chain_status") }
    }

    struct Balance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "An account's balance in OPEN.")
        @Argument(help: "The account's address.") var address: String
        @Flag(help: "Add a proof against a finalised header.") var prove = false
        @OptionGroup var options: QueryOptions

        func run() async throws {
            try await options.show(
                "account_balance",
                ["address": .string(address), "prove": .bool(prove)]
            )
        }
    }

    struct AccountQuery: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "account",
            abstract: "An account's balance and nonce."
        )
        @Argument(help: "The account's address.") var address: String
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("account_get", [.string(address)]) }
    }

    struct BlockQuery: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "block",
            abstract: "A block, the last one unless told."
        )
        @Argument(help: "The block's height.") var height: UInt64?
        @Flag(help: "Whole transactions instead of their ids.") var full = false
        @OptionGroup var options: QueryOptions

        func run() async throws {
            try await options.show(
                "chain_block",
                ["height": height.map { .integer($0) } ?? "latest", "full": .bool(full)]
            )
        }
    }

    struct Supply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Where all OPEN is.")
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("supply_get") }
    }

    struct Events: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What blocks did.")
        @Option(help: "The first block to look at.") var height: UInt64 = 1
        @Option(help: "Only events of this kind.") var kind: String?
        @Option(help: "At most so many.") var limit = 100
        @OptionGroup var options: QueryOptions

        func run() async throws {
            try await options.show(
                "events_get",
                [
                    "height": .integer(height), "limit": .integer(limit),
                    "kind": kind.map { .string($0) } ?? .null,
                ]
            )
        }
    }

    struct Parameters: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "params",
            abstract: "The chain's parameters."
        )
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("params_get") }
    }

    struct Version: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The protocol's version, and the one that comes."
        )
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("version_get") }
    }

    struct Validators: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All registered validators.")
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("validator_list") }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Objects of a kind, such as `list adapter`."
        )
        @Argument(help: "datanet, snapshot, model, adapter, claim, channel, settlement.")
        var kind: String
        @Option(help: "At most so many.") var limit = 30
        @Option(help: "`next` of the page before.") var cursor: String?
        @OptionGroup var options: QueryOptions

        func run() async throws {
            try await options.show(
                "\(kind)_list",
                ["limit": .integer(limit), "cursor": cursor.map { .string($0) } ?? .null]
            )
        }
    }

    struct Contributions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A Datanet's contributions in their order."
        )
        @Argument(help: "The Datanet's id.") var datanet: String
        @OptionGroup var options: QueryOptions

        func run() async throws {
            try await options.show("datanet_contributions", [.string(datanet)])
        }
    }

    struct Call: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Any method of the RPC (`rpc_discover` lists them)."
        )
        @Argument(help: "The method.") var method: String
        @Argument(help: "Its parameters as JSON.") var parameters = "[]"
        @OptionGroup var options: QueryOptions

        func run() async throws {
            let value: JSON
            do { value = try JSON.parse(parameters) } catch {
                throw CommandFailure(.badInput, "the parameters are no JSON: \(error)")
            }
            try await options.show(method, value)
        }
    }
}
