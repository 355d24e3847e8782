import Cryptography
package import Primitives

/// What a provider says it served: the prompt's tokens, and the tokens that the adapter gave for
/// them by greedy generation. The digest is the unit output of an inference claim.
package struct InferenceReceipt: Sendable, Hashable {
    package static let tokenLimit = 16_384

    package let channel: Digest
    package let sequence: UInt64
    package let adapter: Digest
    package let prompt: [UInt32]
    package let completion: [UInt32]
    /// The limit that the user asked for; a completion may end before it.
    package let maxTokens: UInt32
    /// The adapter's price per token times the tokens of prompt and completion.
    package let fee: Amount

    /// - Precondition: prompt and completion have at most `tokenLimit` tokens each.
    package init(
        channel: Digest,
        sequence: UInt64,
        adapter: Digest,
        prompt: [UInt32],
        completion: [UInt32],
        maxTokens: UInt32,
        fee: Amount
    ) {
        precondition(prompt.count <= Self.tokenLimit && completion.count <= Self.tokenLimit)
        self.channel = channel
        self.sequence = sequence
        self.adapter = adapter
        self.prompt = prompt
        self.completion = completion
        self.maxTokens = maxTokens
        self.fee = fee
    }

    /// The digest of what was asked and answered.
    package var body: Digest {
        var writer = BorshWriter()
        encodeBody(to: &writer)
        return taggedHash(CommitmentTag.receiptBody, writer.bytes)
    }

    package var summary: ReceiptSummary {
        ReceiptSummary(
            channel: channel,
            sequence: sequence,
            adapter: adapter,
            fee: fee,
            body: body
        )
    }

    package var digest: Digest { summary.digest }

    /// The fee that this many tokens cost, or nil when it overflows.
    package static func fee(pricePerToken: Amount, tokens: UInt64) -> Amount? {
        let (units, overflow) = pricePerToken.units.multipliedReportingOverflow(
            by: UInt128(tokens)
        )
        return overflow ? nil : Amount(units: units)
    }

    private func encodeBody(to writer: inout BorshWriter) {
        writer.writeTokens(prompt)
        writer.writeTokens(completion)
        writer.write(maxTokens)
    }
}

extension InferenceReceipt: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(channel)
        writer.write(sequence)
        writer.write(adapter)
        encodeBody(to: &writer)
        writer.write(fee)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        channel = try Digest(from: &reader)
        sequence = try reader.readUInt64()
        adapter = try Digest(from: &reader)
        prompt = try reader.readTokens(limit: Self.tokenLimit)
        completion = try reader.readTokens(limit: Self.tokenLimit)
        maxTokens = try reader.readUInt32()
        fee = try Amount(from: &reader)
    }
}

extension InferenceReceipt: CommittedElement {
    package static let listLimit = 4_096
}

extension BorshWriter {
    fileprivate mutating func writeTokens(_ tokens: [UInt32]) {
        writeLength(tokens.count)
        for token in tokens { write(token) }
    }
}

extension BorshReader {
    fileprivate mutating func readTokens(limit: Int) throws(BorshError) -> [UInt32] {
        let start = offset
        let count = try readLength(limit: limit)
        guard count * 4 <= remaining else { throw .truncated(offset: start, needed: count * 4) }
        var tokens: [UInt32] = []
        tokens.reserveCapacity(count)
        for _ in 0..<count { tokens.append(try readUInt32()) }
        return tokens
    }
}
