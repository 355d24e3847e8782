package import Primitives

/// What a transaction asks for. An object's id is the id of the transaction that created it.
package enum Action: Sendable, Hashable {
    case transfer(Transfer)
    case registerValidator(RegisterValidator)
    case delegate(Delegate)
    case undelegate(Undelegate)
    /// Returns the sender's validator to service after its jail term.
    case unjail
    case createDatanet(CreateDatanet)
    case commitContribution(CommitContribution)
    case revealContribution(RevealContribution)
    case freezeSnapshot(FreezeSnapshot)
    case registerModel(RegisterModel)
    case commitAdapter(CommitAdapter)
    case revokeAdapter(adapter: Digest)
    case submitClaim(SubmitClaim)
    case commitVerdict(CommitVerdict)
    case revealVerdict(RevealVerdict)
    case challengeUnit(ChallengeUnit)
    case openChannel(OpenChannel)
    case closeChannel(channel: Digest)
    case settle(Settle)
    case rotateKey(RotateKey)
    /// The commission of the sender's validator, in thousandths.
    case setCommission(perMille: UInt16)
    /// Says which protocol version the sender's validator is ready for.
    case signalVersion(UInt32)

    /// The first byte of the encoding.
    package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        case transfer = 0
        case registerValidator = 1
        case delegate = 2
        case undelegate = 3
        case unjail = 4
        case createDatanet = 5
        case commitContribution = 6
        case revealContribution = 7
        case freezeSnapshot = 8
        case registerModel = 9
        case commitAdapter = 10
        case revokeAdapter = 11
        case submitClaim = 12
        case commitVerdict = 13
        case revealVerdict = 14
        case challengeUnit = 15
        case openChannel = 16
        case closeChannel = 17
        case settle = 18
        case rotateKey = 19
        case setCommission = 20
        case signalVersion = 21
    }

    package var kind: Kind {
        switch self {
        case .transfer: .transfer
        case .registerValidator: .registerValidator
        case .delegate: .delegate
        case .undelegate: .undelegate
        case .unjail: .unjail
        case .createDatanet: .createDatanet
        case .commitContribution: .commitContribution
        case .revealContribution: .revealContribution
        case .freezeSnapshot: .freezeSnapshot
        case .registerModel: .registerModel
        case .commitAdapter: .commitAdapter
        case .revokeAdapter: .revokeAdapter
        case .submitClaim: .submitClaim
        case .commitVerdict: .commitVerdict
        case .revealVerdict: .revealVerdict
        case .challengeUnit: .challengeUnit
        case .openChannel: .openChannel
        case .closeChannel: .closeChannel
        case .settle: .settle
        case .rotateKey: .rotateKey
        case .setCommission: .setCommission
        case .signalVersion: .signalVersion
        }
    }
}

extension Action: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(kind.rawValue)
        switch self {
        case .transfer(let body): writer.write(body)
        case .registerValidator(let body): writer.write(body)
        case .delegate(let body): writer.write(body)
        case .undelegate(let body): writer.write(body)
        case .unjail: break
        case .createDatanet(let body): writer.write(body)
        case .commitContribution(let body): writer.write(body)
        case .revealContribution(let body): writer.write(body)
        case .freezeSnapshot(let body): writer.write(body)
        case .registerModel(let body): writer.write(body)
        case .commitAdapter(let body): writer.write(body)
        case .revokeAdapter(let adapter): writer.write(adapter)
        case .submitClaim(let body): writer.write(body)
        case .commitVerdict(let body): writer.write(body)
        case .revealVerdict(let body): writer.write(body)
        case .challengeUnit(let body): writer.write(body)
        case .openChannel(let body): writer.write(body)
        case .closeChannel(let channel): writer.write(channel)
        case .settle(let body): writer.write(body)
        case .rotateKey(let body): writer.write(body)
        case .setCommission(let perMille): writer.write(perMille)
        case .signalVersion(let version): writer.write(version)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        guard let kind = Kind(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        switch kind {
        case .transfer: self = .transfer(try Transfer(from: &reader))
        case .registerValidator: self = .registerValidator(try RegisterValidator(from: &reader))
        case .delegate: self = .delegate(try Delegate(from: &reader))
        case .undelegate: self = .undelegate(try Undelegate(from: &reader))
        case .unjail: self = .unjail
        case .createDatanet: self = .createDatanet(try CreateDatanet(from: &reader))
        case .commitContribution: self = .commitContribution(try CommitContribution(from: &reader))
        case .revealContribution: self = .revealContribution(try RevealContribution(from: &reader))
        case .freezeSnapshot: self = .freezeSnapshot(try FreezeSnapshot(from: &reader))
        case .registerModel: self = .registerModel(try RegisterModel(from: &reader))
        case .commitAdapter: self = .commitAdapter(try CommitAdapter(from: &reader))
        case .revokeAdapter: self = .revokeAdapter(adapter: try Digest(from: &reader))
        case .submitClaim: self = .submitClaim(try SubmitClaim(from: &reader))
        case .commitVerdict: self = .commitVerdict(try CommitVerdict(from: &reader))
        case .revealVerdict: self = .revealVerdict(try RevealVerdict(from: &reader))
        case .challengeUnit: self = .challengeUnit(try ChallengeUnit(from: &reader))
        case .openChannel: self = .openChannel(try OpenChannel(from: &reader))
        case .closeChannel: self = .closeChannel(channel: try Digest(from: &reader))
        case .settle: self = .settle(try Settle(from: &reader))
        case .rotateKey: self = .rotateKey(try RotateKey(from: &reader))
        case .setCommission: self = .setCommission(perMille: try reader.readPerMille())
        case .signalVersion: self = .signalVersion(try reader.readUInt32())
        }
    }
}
