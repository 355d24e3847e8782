import Commitments
import JSON
import Ledger
import Primitives
import RPC

/// What a provider may settle on one channel: receipts in order, and the payer's best promise.
struct EarnedReceipts {
    let receipts: [InferenceReceipt]
    let voucher: Voucher

    /// - Parameter after: the last sequence number that was settled.
    static func fetch(
        from endpoint: ServingClient,
        channel: Digest,
        adapter: Digest,
        after: UInt64
    ) async throws -> EarnedReceipts {
        var receipts: [InferenceReceipt] = []
        var best: Voucher?
        var next: Int? = 0
        while let start = next {
            let page = try await endpoint.get("/v1/receipts?after=\(start)&limit=100").body
            for row in page["data"]?.array ?? [] {
                guard let receipt: InferenceReceipt = try value(row["receipt"]),
                    receipt.channel == channel, receipt.adapter == adapter
                else { continue }
                if let voucher: Voucher = try value(row["voucher"]),
                    voucher.cumulative >= best?.cumulative ?? .zero
                {
                    best = voucher
                }
                if receipt.sequence > after { receipts.append(receipt) }
            }
            next = page["next"]?.integer(Int.self)
        }
        receipts.sort { $0.sequence < $1.sequence }
        receipts = Array(receipts.prefix(ActionLimit.settlementRows))
        guard let best, !receipts.isEmpty else {
            throw CommandFailure(.notFound, "there is nothing to settle on the channel \(channel)")
        }
        return EarnedReceipts(receipts: receipts, voucher: best)
    }

    private static func value<Value: BorshDecodable>(_ field: JSON?) throws -> Value? {
        guard let text = field?.string else { return nil }
        guard let bytes = Base64.decode(text), let value = try? Value(borsh: bytes) else {
            throw CommandFailure(.unavailable, "the endpoint's receipts cannot be read")
        }
        return value
    }
}
