package import Ledger
package import Primitives
package import Voting

/// A final block and the proof that it is final, as nodes keep it and hand it to each other.
package struct CertifiedBlock: Sendable, Hashable {
    package let block: Block
    package let certificate: CommitCertificate

    package init(block: Block, certificate: CommitCertificate) {
        self.block = block
        self.certificate = certificate
    }

    package var height: Height { block.header.height }
}

extension CertifiedBlock: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(block)
        writer.write(certificate)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        block = try Block(from: &reader)
        certificate = try CommitCertificate(from: &reader)
    }
}
