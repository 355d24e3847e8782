import ArgumentParser
import Commitments
import JSON
import Ledger
import Primitives
import Verification

/// Adapters on the chain.
struct AdapterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adapter",
        abstract:
            "Commit adapters, claim their training and index, verify copies, and look into them.",
        subcommands: [
            AdapterCommit.self, AdapterClaim.self, AdapterVerify.self, AdapterRevoke.self,
            ObjectShow<AdapterKind>.self, AdapterInspect.self, AdapterDiff.self, AdapterMerge.self,
            AdapterConvert.self,
        ]
    )
}

/// Claims what an adapter's commitment says of its training or its index.
struct AdapterClaim: AsyncParsableCommand {
    enum Kind: String, ExpressibleByArgument, CaseIterable { case training, index }

    static let configuration = CommandConfiguration(
        commandName: "claim",
        abstract: "Have validators re-run an adapter's training or influence index."
    )
    @Argument(help: "The adapter's id.") var adapter: DigestArgument
    @Option(help: "What to claim.") var kind: Kind
    @Option(help: "The claim's bond in OPEN; the chain's minimum unless told.")
    var bond: AmountArgument?
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let sender = try await options.sender()
        do {
            let assembly = RemoteChain(client: sender.client).assembly
            let key = StateKey.adapter(adapter.digest)
            let terms = try await assembly.object(Adapter.self, key).terms
            let chain = try await assembly.object(ChainRecord.self, StateKey.chain)
            let work = kind == .training ? terms.trace : terms.index
            let bond = bond?.amount ?? chain.parameters.claims.minimumBond
            let body = SubmitClaim(
                kind: kind == .training ? .training : .index,
                subject: adapter.digest,
                artifact: work.artifact,
                unitCount: work.units,
                outputRoot: work.root,
                bond: bond
            )
            let sent = try await sender.send(.submitClaim(body))
            options.show(
                sent,
                [
                    .init(key: "claim", value: .string("\(sent.id)")),
                    .init(key: "bond", value: .string("\(bond.units)")),
                    .init(key: "units", value: .integer(work.units)),
                ]
            )
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }
}
