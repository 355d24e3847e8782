import ArgumentParser
import Commitments
import Cryptography
import Factory
import Foundation
import JSON
import Ledger
import Primitives
import Verification

/// Dates a file's records without showing them. What the reveal needs stays in the home directory.
struct DatanetCommit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Commit a JSONL file's records to a Datanet, hidden until you reveal them."
    )
    @Argument(help: "The Datanet's id.") var datanet: DigestArgument
    @Argument(help: "A JSONL file of records.") var file: String
    @Option(help: "The bond in OPEN; what the Datanet asks for these records unless told.")
    var bond: AmountArgument?
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let dataset: Dataset
        do {
            dataset = try Dataset(contentsOf: URL(filePath: file))
        } catch {
            throw CommandFailure(.badInput, error.description)
        }
        let sender = try await options.sender()
        let salt = Digest(SystemRandom.bytes(Digest.byteCount)) ?? .zero
        let list = CommittedList(dataset.records)
        let hidden = HiddenContribution(datanet: datanet.digest, salt: salt, records: list)
        let body = CommitContribution(
            datanet: datanet.digest,
            commitment: ContributionCommitment.digest(
                root: list.root,
                salt: salt,
                contributor: sender.address
            ),
            bond: try await bond(of: dataset.records.count, sender)
        )
        // On disk before it is dated: a commitment that cannot be opened loses its bond.
        let draft = try hidden.save(in: options.signing.home, name: "draft-\(salt)")
        let sent = try await sender.send(.commitContribution(body))
        try hidden.rename(draft, to: "\(sent.id)", in: options.signing.home)
        options.show(
            sent,
            [
                .init(key: "contribution", value: .string("\(sent.id)")),
                .init(key: "records", value: .integer(dataset.records.count)),
                .init(
                    key: "skipped",
                    value: .array(
                        dataset.skipped.map {
                            ["line": .integer($0.line), "reason": .string("\($0.reason)")]
                        }
                    )
                ),
            ]
        )
    }

    private func bond(of records: Int, _ sender: Sender) async throws -> Amount {
        if let bond { return bond.amount }
        do {
            let chain = RemoteChain(client: sender.client)
            let key = StateKey.datanet(datanet.digest)
            let net = try await chain.assembly.object(Datanet.self, key)
            var least = Amount.zero
            if case .staked(let minimum) = net.admission { least = minimum }
            return max(least, try net.bondPerRecord.scaled(by: UInt64(records), over: 1))
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }
}

/// Opens a contribution that was committed from this home.
struct DatanetReveal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reveal",
        abstract: "Show the records of a committed contribution."
    )
    @Argument(help: "The contribution's id.") var contribution: DigestArgument
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let sender = try await options.sender()
        let hidden = try HiddenContribution.load(contribution.digest, from: options.signing.home)
        let artifact = try await sender.client.store(hidden.records.borshBytes)
        let body = RevealContribution(
            contribution: contribution.digest,
            root: hidden.records.root,
            recordCount: UInt32(hidden.records.elements.count),
            artifact: artifact,
            salt: hidden.salt
        )
        let sent = try await sender.send(.revealContribution(body))
        options.show(
            sent,
            [
                .init(key: "records", value: .integer(hidden.records.elements.count)),
                .init(key: "artifact", value: .string("\(artifact)")),
            ]
        )
    }
}
