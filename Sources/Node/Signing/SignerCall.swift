// What a node and its signer say to each other: one call, one answer, in Borsh.

package import Ledger
package import Primitives
package import Replica
package import Storage
import Voting

/// What a node asks of its signer. Everything is given in full: the signer signs no bytes that it
/// has not built itself.
package enum SignerCall: Sendable, Equatable {
    case hello
    case sign(SignRequest)
    /// The node's log has what was signed there.
    case confirm(SignPosition)
    /// A verdict's transaction, from the hot key's own account.
    case verdict(Transaction)
    /// The secret that hides a verdict until it is revealed.
    case salt(claim: Digest, panel: UInt64)
}

package enum SignerAnswer: Sendable, Equatable {
    case hello(SignerStanding)
    case signature(Signature)
    case proof(VRFProof)
    case salt(Digest)
    case done
    /// One sentence.
    case refused(String)
}

/// Whose key a signer has, for which chain, and how far it has signed.
package struct SignerStanding: Sendable, Equatable {
    package let key: PublicKey
    package let genesis: Digest
    package let last: SignPosition?
    package let logged: SignPosition?
}

extension SignerCall: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .hello: writer.write(UInt8(0))
        case .sign(.vote(let vote)):
            writer.write(UInt8(1))
            writer.write(vote)
        case .sign(.proposal(let proposal)):
            writer.write(UInt8(2))
            writer.write(proposal)
        case .sign(.beacon(let alpha)):
            writer.write(UInt8(3))
            writer.writeBytes(alpha)
        case .confirm(let position):
            writer.write(UInt8(4))
            writer.write(PositionCode(position))
        case .verdict(let body):
            writer.write(UInt8(5))
            writer.write(body)
        case .salt(let claim, let panel):
            writer.write(UInt8(6))
            writer.write(claim)
            writer.write(panel)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        switch try reader.readUInt8() {
        case 0: self = .hello
        case 1: self = .sign(.vote(try Vote(from: &reader)))
        case 2: self = .sign(.proposal(try Proposal(from: &reader)))
        case 3: self = .sign(.beacon(alpha: try reader.readBytes(limit: 1_024)))
        case 4: self = .confirm(try PositionCode(from: &reader).position)
        case 5: self = .verdict(try Transaction(from: &reader))
        case 6:
            self = .salt(claim: try Digest(from: &reader), panel: try reader.readUInt64())
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}

extension SignerAnswer: BorshCodable {
    private static let sentenceLimit = 4_096

    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .hello(let standing):
            writer.write(UInt8(0))
            writer.write(standing.key)
            writer.write(standing.genesis)
            writer.writeOptional(standing.last.map { PositionCode($0) })
            writer.writeOptional(standing.logged.map { PositionCode($0) })
        case .signature(let signature):
            writer.write(UInt8(1))
            writer.write(signature)
        case .proof(let proof):
            writer.write(UInt8(2))
            writer.write(proof)
        case .salt(let salt):
            writer.write(UInt8(3))
            writer.write(salt)
        case .done: writer.write(UInt8(4))
        case .refused(let sentence):
            writer.write(UInt8(5))
            writer.writeBytes(Array(sentence.utf8.prefix(Self.sentenceLimit)))
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        switch try reader.readUInt8() {
        case 0:
            self = .hello(
                SignerStanding(
                    key: try PublicKey(from: &reader),
                    genesis: try Digest(from: &reader),
                    last: try reader.readOptional(PositionCode.self)?.position,
                    logged: try reader.readOptional(PositionCode.self)?.position
                )
            )
        case 1: self = .signature(try Signature(from: &reader))
        case 2: self = .proof(try VRFProof(from: &reader))
        case 3: self = .salt(try Digest(from: &reader))
        case 4: self = .done
        case 5:
            let bytes = try reader.readBytes(limit: Self.sentenceLimit)
            self = .refused(String(decoding: bytes, as: UTF8.self))
        case let tag: throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
    }
}

/// A position in Borsh.
private struct PositionCode: BorshCodable {
    let position: SignPosition

    init(_ position: SignPosition) { self.position = position }

    func encode(to writer: inout BorshWriter) {
        writer.write(position.height)
        writer.write(position.round)
        writer.write(position.step.rawValue)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        let (height, round) = (try reader.readUInt64(), try reader.readUInt32())
        let tag = try reader.readUInt8()
        guard let step = SignPosition.Step(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        position = SignPosition(height: height, round: round, step: step)
    }
}
