import ArgumentParser
import JSON
import Ledger
import Primitives

/// A user's money for a provider's answers.
struct ChannelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel",
        abstract: "Deposit OPEN with a provider, and take back the rest.",
        subcommands: [Open.self, Close.self, ObjectShow<ChannelKind>.self]
    )

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lock a deposit that vouchers promise to a provider."
        )
        @Option(help: "The provider's address.") var provider: String
        @Option(help: "The only adapter that the deposit pays for; any unless told.")
        var adapter: DigestArgument?
        @Option(help: "How much, in OPEN.") var deposit: AmountArgument
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            let body = OpenChannel(
                provider: try sender.info.address(provider),
                adapter: adapter?.digest,
                deposit: deposit.amount
            )
            let sent = try await sender.send(.openChannel(body))
            options.show(sent, [.init(key: "channel", value: .string("\(sent.id)"))])
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a channel; the rest of the deposit goes back to the payer."
        )
        @Argument(help: "The channel's id.") var channel: DigestArgument
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            options.show(try await sender.send(.closeChannel(channel: channel.digest)))
        }
    }
}
