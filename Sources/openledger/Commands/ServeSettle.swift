import ArgumentParser
import Commitments
import Foundation
import JSON
import Jobs
import Ledger
import Primitives
import RPC
import Verification

/// Claims a channel's receipts and their attribution, waits until both are final, and settles.
struct ServeSettle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settle",
        abstract: "Prove who influenced the answers of a channel, and divide what they earned."
    )

    @Option(help: "The adapter that answered.") var adapter: DigestArgument
    @Option(help: "The channel that pays.") var channel: DigestArgument
    @Option(help: "The serving endpoint, whose receipts are settled.")
    var endpoint = "http://127.0.0.1:8600"
    @Option(help: "Seconds to wait for each claim to become final.") var patience = 300
    @Option(help: "The bond of each claim in OPEN; the chain's minimum unless told.")
    var bond: AmountArgument?
    @OptionGroup var options: SendingOptions

    func run() async throws {
        let sender = try await options.sender()
        let chain = RemoteChain(client: sender.client)
        do {
            let open = try await chain.assembly.object(
                Channel.self,
                StateKey.channel(channel.digest)
            )
            let earned = try await EarnedReceipts.fetch(
                from: ServingClient(url: endpoint),
                channel: channel.digest,
                adapter: adapter.digest,
                after: open.sequence
            )
            Remark.write("attributing \(earned.receipts.count) answers")
            let work = try await Attributed(chain, adapter.digest, earned.receipts)
            let claims = try await claim(work, sender)
            let settle = Settle(
                inferenceClaim: claims.inference,
                attributionClaim: claims.attribution,
                vouchers: [earned.voucher],
                rows: work.rows
            )
            let sent = try await sender.send(.settle(settle))
            options.show(
                sent,
                [
                    .init(key: "settlement", value: .string("\(sent.id)")),
                    .init(key: "inferenceClaim", value: .string("\(claims.inference)")),
                    .init(key: "attributionClaim", value: .string("\(claims.attribution)")),
                    .init(key: "queries", value: work.explained(sender.info.prefix)),
                ]
            )
        } catch let defect as ClaimDefect {
            throw defect.failure
        }
    }

    /// Both claims run at the same time: neither rests on the other.
    private func claim(
        _ work: Attributed,
        _ sender: Sender
    ) async throws -> (inference: Digest, attribution: Digest) {
        let receipts = try await sender.client.store(work.receipts.borshBytes)
        let rows = try await sender.client.store(work.attributions.borshBytes)
        let chain = RemoteChain(client: sender.client)
        let record = try await chain.assembly.object(ChainRecord.self, StateKey.chain)
        let bond = bond?.amount ?? record.parameters.claims.minimumBond
        let units = UInt32(work.receipts.elements.count)
        let inference = try await sender.send(
            .submitClaim(
                SubmitClaim(
                    kind: .inference,
                    subject: adapter.digest,
                    artifact: receipts,
                    unitCount: units,
                    outputRoot: work.receipts.root,
                    bond: bond
                )
            )
        )
        let attribution = try await sender.send(
            .submitClaim(
                SubmitClaim(
                    kind: .attribution,
                    subject: adapter.digest,
                    artifact: receipts,
                    outputArtifact: rows,
                    unitCount: units,
                    outputRoot: work.attributions.root,
                    bond: bond
                )
            )
        )
        for id in [inference.id, attribution.id] {
            try await ClaimWait(chain: chain, seconds: patience).untilFinal(id)
        }
        return (inference.id, attribution.id)
    }
}

/// Waits for the end of a claim's life.
struct ClaimWait {
    let chain: RemoteChain
    let seconds: Int

    func untilFinal(_ id: Digest) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var last: Claim.Phase?
        while ContinuousClock.now < deadline {
            let claim = try await chain.assembly.object(Claim.self, StateKey.claim(id))
            if claim.phase != last { Remark.write("claim \(id): \(claim.phase)") }
            last = claim.phase
            switch claim.phase {
            case .final: return
            case .rejected:
                let unit = claim.finding.map { ", unit \($0.unit) differs" } ?? ""
                throw CommandFailure(.refused, "the claim \(id) was rejected\(unit)")
            case .unavailable:
                throw CommandFailure(
                    .refused,
                    "the claim \(id) could not be verified: its files were not to be had"
                )
            default: try await Task.sleep(for: .milliseconds(250))
            }
        }
        throw CommandFailure(.unavailable, "the claim \(id) was not final after \(seconds) s")
    }
}
