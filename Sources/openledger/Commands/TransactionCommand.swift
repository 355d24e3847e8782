import ArgumentParser
import JSON
import Ledger

/// Money from one account to another, and transactions in general.
struct TransactionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tx",
        abstract: "Send OPEN, and look at transactions.",
        subcommands: [Send.self, Delegate.self, Undelegate.self, ObjectShow<TransactionKind>.self]
    )
}

/// What every command has that sends a transaction.
struct SendingOptions: ParsableArguments {
    @OptionGroup var signing: SigningOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func sender() async throws -> Sender { try await Sender(signing, node.client) }

    /// Prints what was sent, after what was made.
    func show(_ sent: SentTransaction, _ made: [JSONObject.Member] = []) {
        output.show(.object(JSONObject(made + sent.members)))
    }
}

extension TransactionCommand {
    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Send OPEN to an address.")
        @Argument(help: "The receiver's address.") var receiver: String
        @Argument(help: "How much, in OPEN.") var amount: AmountArgument
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            let transfer = Transfer(
                to: try sender.info.address(receiver),
                amount: amount.amount
            )
            options.show(try await sender.send(.transfer(transfer)))
        }
    }

    struct Delegate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Stake OPEN with a validator.")
        @Argument(help: "The validator's owner.") var validator: String
        @Argument(help: "How much, in OPEN.") var amount: AmountArgument
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            let body = Ledger.Delegate(
                validator: try sender.info.address(validator),
                amount: amount.amount
            )
            options.show(try await sender.send(.delegate(body)))
        }
    }

    struct Undelegate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take stake back; it is free after the unbonding time."
        )
        @Argument(help: "The validator's owner.") var validator: String
        @Argument(help: "How much, in OPEN.") var amount: AmountArgument
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            let body = Ledger.Undelegate(
                validator: try sender.info.address(validator),
                amount: amount.amount
            )
            options.show(try await sender.send(.undelegate(body)))
        }
    }
}
