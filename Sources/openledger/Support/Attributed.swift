import Commitments
import JSON
import Jobs
import Ledger
import Primitives
import Verification

/// Answers with who influenced them: what an attribution claim holds and a settlement pays by.
struct Attributed {
    let receipts: CommittedList<InferenceReceipt>
    let attributions: CommittedList<QueryAttribution>
    private let weights: [[Int64]]
    private let records: [ClaimAssembly.AcceptedRecord]

    init(_ chain: RemoteChain, _ id: Digest, _ answers: [InferenceReceipt]) async throws {
        let assembly = chain.assembly
        let adapter = try await assembly.adapter(id)
        let snapshot = try await assembly.object(
            Snapshot.self,
            StateKey.snapshot(adapter.record.terms.snapshot)
        )
        records = try await assembly.acceptedRecords(of: snapshot)
        let job = try await assembly.attributionJob(for: adapter, receipts: answers)
            .prepared(for: Array(answers.indices))
        var explained: [AttributionJob.Explanation] = []
        do {
            for unit in answers.indices { explained.append(try job.explain(unit)) }
        } catch {
            throw CommandFailure(.failed, "the answers cannot be attributed: \(error)")
        }
        receipts = CommittedList(answers)
        attributions = CommittedList(explained.map(\.attribution))
        weights = explained.map(\.weights)
    }

    /// All on the settlement's only voucher.
    var rows: [SettlementRow] {
        zip(receipts.elements, attributions.elements).map { receipt, attribution in
            SettlementRow(
                voucher: 0,
                sequence: receipt.sequence,
                body: receipt.body,
                attribution: attribution
            )
        }
    }

    /// For each answer the records that moved it most, with their share of all influence.
    func explained(_ prefix: AddressPrefix, count: Int = 5) -> JSON {
        .array(
            zip(receipts.elements, weights).map { receipt, weights in
                let order = weights.indices.sorted {
                    (weights[$1].magnitude, $0) < (weights[$0].magnitude, $1)
                }
                return [
                    "receipt": .string("\(receipt.digest)"),
                    "fee": .string("\(receipt.fee.units)"),
                    "top": .array(
                        order.prefix(count).map { row(records[$0], weights[$0], prefix) }
                    ),
                ]
            }
        )
    }

    private func row(
        _ accepted: ClaimAssembly.AcceptedRecord,
        _ weight: Int64,
        _ prefix: AddressPrefix
    ) -> JSON {
        let share = Double(weight) / Double(ContributorShare.scale)
        return [
            "contributor": .string(accepted.leaf.contributor.text(prefix)),
            "record": .string("\(accepted.leaf.recordHash)"),
            "prompt": .string(String(decoding: accepted.record.prompt, as: UTF8.self)),
            "weight": .string("\(weight)"),
            "share": JSONNumber(share).map(JSON.number) ?? .null,
        ]
    }
}
