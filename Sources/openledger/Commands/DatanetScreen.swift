import ArgumentParser
import Commitments
import JSON
import Jobs
import Ledger
import Primitives
import Verification

/// Screens what was revealed and claims the table.
struct DatanetScreen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screen",
        abstract: "Screen a Datanet's records and claim the result."
    )
    @Argument(help: "The Datanet's id.") var datanet: DigestArgument
    @Option(help: "How many contributions, from the first; all that are resolved unless told.")
    var covers: UInt32?
    @Option(help: "The claim's bond in OPEN; the chain's minimum unless told.")
    var bond: AmountArgument?
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let sender = try await options.sender()
        do {
            try await screen(sender)
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }

    private func screen(_ sender: Sender) async throws {
        let assembly = RemoteChain(client: sender.client).assembly
        let net = try await assembly.object(Datanet.self, StateKey.datanet(datanet.digest))
        let covers = covers ?? net.resolved
        guard covers > 0 else {
            throw CommandFailure(.refused, "the Datanet has no contribution to screen")
        }
        let contributions: [RevealedContribution]
        do throws(any Error) {
            contributions = try await assembly.contributions(of: datanet.digest, covers: covers)
        } catch {
            guard let defect = error as? ClaimDefect, case .unavailable(let artifact) = defect
            else { throw error }
            throw try await missing(artifact, covers, assembly)
        }
        let job = try CommandFailure.wrap(.badInput) { try ScreeningJob(contributions) }
        let table = CommittedList(job.table)
        let record = try await assembly.object(ChainRecord.self, StateKey.chain)
        let body = SubmitClaim(
            kind: .screening,
            subject: datanet.digest,
            covers: covers,
            artifact: try await sender.client.store(table.borshBytes),
            unitCount: UInt32(job.unitCount),
            outputRoot: table.root,
            bond: bond?.amount ?? record.parameters.claims.minimumBond
        )
        let sent = try await sender.send(.submitClaim(body))
        options.show(
            sent,
            [
                .init(key: "claim", value: .string("\(sent.id)")),
                .init(key: "records", value: .integer(job.unitCount)),
                .init(
                    key: "contributors",
                    value: ScreeningSummary.rows(of: job.table, prefix: sender.info.prefix)
                ),
            ]
        )
    }
}

extension DatanetScreen {
    /// Whose records are missing, and what can be screened without them.
    private func missing(
        _ artifact: ArtifactID,
        _ covers: UInt32,
        _ assembly: ClaimAssembly
    ) async throws -> CommandFailure {
        for index in 0..<covers {
            let place = try await assembly.object(
                ContributionPlace.self,
                StateKey.contributionIndex(datanet.digest, index)
            )
            let contribution = try await assembly.object(
                Contribution.self,
                StateKey.contribution(place.contribution)
            )
            guard contribution.content?.artifact == artifact else { continue }
            let before = index == 0 ? "" : "; --covers \(index) screens the \(index) before it"
            return CommandFailure(
                .unavailable,
                "no node has the records \(artifact) of the contribution \(place.contribution), "
                    + "number \(index) of the Datanet\(before), and those after it wait until "
                    + "its contributor's node serves them"
            )
        }
        return ClaimDefect.unavailable(artifact).failure
    }
}

/// What screening found, by contributor.
enum ScreeningSummary {
    static let names: [(ScreeningFlags, String)] = [
        (.exactDuplicate, "exactDuplicate"), (.nearDuplicate, "nearDuplicate"),
        (.tooShort, "tooShort"), (.tooLong, "tooLong"), (.lowQuality, "lowQuality"),
        (.invalidText, "invalidText"),
    ]

    static func rows(of table: [SnapshotLeaf], prefix: AddressPrefix) -> JSON {
        var order: [Address] = []
        for leaf in table where !order.contains(leaf.contributor) { order.append(leaf.contributor) }
        return .array(
            order.map { contributor in
                let own = table.filter { $0.contributor == contributor }
                let foreign = own.filter { table[Int($0.cluster)].contributor != contributor }
                return [
                    "address": .string(contributor.text(prefix)),
                    "records": .integer(own.count),
                    "accepted": .integer(own.count(where: \.isAccepted)),
                    "inOthersClusters": .integer(foreign.count),
                    "flags": .object(
                        JSONObject(
                            names.compactMap { flag, name in
                                let count = own.count { $0.flags.contains(flag) }
                                return count == 0
                                    ? nil : JSONObject.Member(key: name, value: .integer(count))
                            }
                        )
                    ),
                ]
            }
        )
    }
}
