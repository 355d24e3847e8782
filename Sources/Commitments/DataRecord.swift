import Cryptography
package import Primitives

/// One training example: a prompt, and the completion that is trained on. UTF-8 by convention;
/// the chain and the hash see bytes.
package struct DataRecord: Sendable, Hashable {
    /// The longest prompt and completion, together.
    package static let byteLimit = 65_536

    package let prompt: [UInt8]
    package let completion: [UInt8]

    /// - Precondition: both together are at most `byteLimit` bytes.
    package init(prompt: [UInt8], completion: [UInt8]) {
        precondition(prompt.count + completion.count <= Self.byteLimit)
        self.prompt = prompt
        self.completion = completion
    }

    /// Equal records have equal hashes, whoever contributes them.
    package var hash: Digest { taggedHash(CommitmentTag.record, borshBytes) }
}

extension DataRecord: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(prompt)
        writer.writeBytes(completion)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        prompt = try reader.readBytes(limit: Self.byteLimit)
        completion = try reader.readBytes(limit: Self.byteLimit)
        try reader.require(prompt.count + completion.count <= Self.byteLimit, "record")
    }
}

extension DataRecord: CommittedElement {
    package static let listLimit = 100_000
    package var digest: Digest { hash }
}
