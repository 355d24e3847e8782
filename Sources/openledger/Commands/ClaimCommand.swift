import ArgumentParser
import JSON
import Ledger

/// Claims of verifiable work.
struct ClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Look at claims, and challenge them.",
        subcommands: [ObjectShow<ClaimKind>.self, Challenge.self]
    )

    struct Challenge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Force one unit of an accepted claim before all validators."
        )
        @Argument(help: "The claim's id.") var claim: DigestArgument
        @Argument(help: "The unit, from 0.") var unit: UInt32
        @Option(help: "The bond in OPEN that is lost if the unit is right.")
        var bond: AmountArgument
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            let body = ChallengeUnit(claim: claim.digest, unit: unit, bond: bond.amount)
            options.show(try await sender.send(.challengeUnit(body)))
        }
    }
}
