import ArgumentParser
import Cryptography
import JSON
import Ledger
import Node
import Primitives

/// What the owner of a validator does.
struct ValidatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validator",
        abstract: "Register a validator, stake with one, and look after yours.",
        subcommands: [
            Register.self, TransactionCommand.Delegate.self, TransactionCommand.Undelegate.self,
            Unjail.self, RotateKey.self, Commission.self, Signal.self, List.self, Show.self,
        ]
    )

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the sender the owner of a validator with a hot key.",
            discussion: """
                The sender's key is the cold owner: it holds the stake and never has to be on the \
                validator's machine. The hot key signs votes there (keys.validator).
                """
        )
        @Option(help: "The hot key's file, such as HOME/keys/validator.json.") var hotKey: String
        @Option(help: "A file whose first line is the hot key's password.")
        var hotPasswordFile: String?
        @Option(help: "The owner's own stake, in OPEN.") var stake: AmountArgument
        @Option(help: "The owner's part of rewards before they are shared, in thousandths.")
        var commission: UInt16 = 100
        @OptionGroup var options: SendingOptions

        func validate() throws {
            guard commission <= 1_000 else {
                throw ValidationError("--commission must be 0 to 1000")
            }
        }

        func run() async throws {
            let sender = try await options.sender()
            let (key, proof) = try sender.proof(ofKey: hotKey, passwordFile: hotPasswordFile)
            let body = RegisterValidator(
                key: key,
                stake: stake.amount,
                commissionPerMille: commission,
                proof: proof
            )
            let sent = try await sender.send(.registerValidator(body))
            options.show(
                sent,
                [
                    .init(key: "validator", value: .string(sender.addressText)),
                    .init(key: "hotKey", value: .string("\(body.key)")),
                ]
            )
        }
    }

    struct Unjail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Return the sender's validator to service after its jail term."
        )
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            options.show(try await sender.send(.unjail))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "All validators that may be chosen."
        )
        @OptionGroup var options: QueryOptions

        func run() async throws { try await options.show("validator_list") }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One validator.")
        @Argument(help: "The validator's owner.") var owner: String
        @OptionGroup var options: QueryOptions

        func run() async throws {
            try await options.show("validator_get", ["owner": .string(owner)])
        }
    }
}
