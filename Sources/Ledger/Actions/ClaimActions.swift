// Actions around a claim: making it, judging it, and challenging it.

package import Commitments
package import Primitives

/// Says that a job's units have these outputs, and puts a bond on it.
package struct SubmitClaim: Sendable, Hashable {
    package let kind: JobKind
    /// A Datanet for screening, an adapter for all other kinds.
    package let subject: Digest
    /// Screening: how many of the Datanet's contributions, from the first, the claim covers.
    /// Zero for other kinds.
    package let covers: UInt32
    /// Screening: the table of leaves. Training and index: the adapter's own artifact. Inference
    /// and attribution: the list of receipts.
    package let artifact: Digest
    /// Attribution: the list of rows. None for other kinds.
    package let outputArtifact: Digest?
    package let unitCount: UInt32
    package let outputRoot: Digest
    package let bond: Amount

    package init(
        kind: JobKind,
        subject: Digest,
        covers: UInt32 = 0,
        artifact: Digest,
        outputArtifact: Digest? = nil,
        unitCount: UInt32,
        outputRoot: Digest,
        bond: Amount
    ) {
        self.kind = kind
        self.subject = subject
        self.covers = covers
        self.artifact = artifact
        self.outputArtifact = outputArtifact
        self.unitCount = unitCount
        self.outputRoot = outputRoot
        self.bond = bond
    }
}

extension SubmitClaim: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(kind)
        writer.write(subject)
        writer.write(covers)
        writer.write(artifact)
        writer.writeOptional(outputArtifact)
        writer.write(unitCount)
        writer.write(outputRoot)
        writer.write(bond)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        kind = try JobKind(from: &reader)
        subject = try Digest(from: &reader)
        covers = try reader.readUInt32()
        artifact = try Digest(from: &reader)
        outputArtifact = try reader.readOptional()
        unitCount = try reader.readUInt32()
        outputRoot = try Digest(from: &reader)
        bond = try Amount(from: &reader)
    }
}

/// A panel member's hidden verdict. Sent from the account of the validator's hot key, and free.
package struct CommitVerdict: Sendable, Hashable {
    package let claim: Digest
    /// `Verdict.commitment(claim:trace:salt:validator:)`, with the owner's address as validator.
    package let digest: Digest

    package init(claim: Digest, digest: Digest) {
        self.claim = claim
        self.digest = digest
    }
}

extension CommitVerdict: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(claim)
        writer.write(digest)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        claim = try Digest(from: &reader)
        digest = try Digest(from: &reader)
    }
}

/// A panel member's open verdict. Sent from the account of the validator's hot key, and free.
package struct RevealVerdict: Sendable, Hashable {
    package let claim: Digest
    package let verdict: Verdict
    /// The digest of intermediate values that only a re-run gives; zero for `unavailable`.
    package let trace: Digest
    package let salt: Digest

    package init(claim: Digest, verdict: Verdict, trace: Digest, salt: Digest) {
        self.claim = claim
        self.verdict = verdict
        self.trace = trace
        self.salt = salt
    }
}

extension RevealVerdict: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(claim)
        writer.write(verdict)
        writer.write(trace)
        writer.write(salt)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        claim = try Digest(from: &reader)
        verdict = try Verdict(from: &reader)
        trace = try Digest(from: &reader)
        salt = try Digest(from: &reader)
    }
}

/// Forces one unit of an accepted claim before the whole validator set.
package struct ChallengeUnit: Sendable, Hashable {
    package let claim: Digest
    package let unit: UInt32
    package let bond: Amount

    package init(claim: Digest, unit: UInt32, bond: Amount) {
        self.claim = claim
        self.unit = unit
        self.bond = bond
    }
}

extension ChallengeUnit: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(claim)
        writer.write(unit)
        writer.write(bond)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        claim = try Digest(from: &reader)
        unit = try reader.readUInt32()
        bond = try Amount(from: &reader)
    }
}
