// Inference: that a served answer is what the adapter gives. A unit is a receipt.

package import Commitments
import Cryptography
import ExactMath
package import LanguageModel
package import Primitives

package struct InferenceJob: VerifiableJob {
    private static let traceTag = HashTag("openledger/inference-trace/v1")

    private let model: DecoderModel
    private let adapter: PreparedAdapter
    private let pricePerToken: Amount
    private let receipts: [InferenceReceipt]

    package init(
        model: DecoderModel,
        adapter: LoRAAdapter,
        pricePerToken: Amount,
        receipts: [InferenceReceipt]
    ) throws(JobFailure) {
        do {
            self.adapter = try PreparedAdapter(adapter, for: model)
        } catch {
            throw .malformedInput(field: "adapter", reason: "\(error)")
        }
        self.model = model
        self.pricePerToken = pricePerToken
        self.receipts = receipts
    }

    package var unitCount: Int { receipts.count }

    /// The output is the digest of the receipt with the right tokens and the right fee.
    package func rerun(_ unit: Int) throws(JobFailure) -> UnitResult {
        try checkUnit(unit)
        let receipt = receipts[unit]
        var trace = ComputationTrace()
        let corrected: [UInt32]?
        do {
            corrected = try model.correction(
                of: receipt.completion,
                after: receipt.prompt,
                maxTokens: Int(receipt.maxTokens),
                adapter: adapter,
                trace: &trace
            )
        } catch {
            throw .malformedInput(field: "receipt \(unit)", reason: "\(error)")
        }
        let right = try Self.receipt(
            like: receipt,
            completion: corrected ?? receipt.completion,
            price: pricePerToken
        )
        return UnitResult(
            output: right.digest,
            trace: taggedHash(Self.traceTag, trace.bytes)
        )
    }

    private static func receipt(
        like receipt: InferenceReceipt,
        completion: [UInt32],
        price: Amount
    ) throws(JobFailure) -> InferenceReceipt {
        let tokens = UInt64(receipt.prompt.count + completion.count)
        guard let fee = InferenceReceipt.fee(pricePerToken: price, tokens: tokens) else {
            throw .malformedInput(field: "price per token", reason: "overflows the fee")
        }
        return InferenceReceipt(
            channel: receipt.channel,
            sequence: receipt.sequence,
            adapter: receipt.adapter,
            prompt: receipt.prompt,
            completion: completion,
            maxTokens: receipt.maxTokens,
            fee: fee
        )
    }
}
