// The chain's parameters as members of a genesis document. One table serves reading and writing.

import Commitments
import JSON
import Ledger
import Primitives

/// A parameter's place in the document and in `ChainParameters`.
struct GenesisParameter: Sendable {
    typealias Path<Value> = WritableKeyPath<ChainParameters, Value> & Sendable

    enum Access: Sendable {
        case amount(any Path<Amount>)
        case small(any Path<UInt16>)
        case medium(any Path<UInt32>)
        case large(any Path<UInt64>)
    }

    /// Empty for a parameter of no group.
    let group: String
    let key: String
    let access: Access

    private static func timing(_ key: String, _ path: any Path<UInt32>) -> GenesisParameter {
        GenesisParameter(group: "timing", key: key, access: .medium(path))
    }

    private static func staking(_ key: String, _ access: Access) -> GenesisParameter {
        GenesisParameter(group: "staking", key: key, access: access)
    }

    private static func claims(_ key: String, _ access: Access) -> GenesisParameter {
        GenesisParameter(group: "claims", key: key, access: access)
    }

    private static func settlement(_ key: String, _ access: Access) -> GenesisParameter {
        GenesisParameter(group: "settlement", key: key, access: access)
    }

    static let groups = ["", "timing", "staking", "claims", "settlement"]

    static let all: [GenesisParameter] = general + timing + staking + claims + settlement

    private static let general: [GenesisParameter] = [
        .init(group: "", key: "minimumFee", access: .amount(\.minimumFee)),
        .init(group: "", key: "maxTransactionBytes", access: .medium(\.maxTransactionBytes)),
        .init(
            group: "",
            key: "contributionRevealHeights",
            access: .large(\.contributionRevealHeights)
        ),
        .init(group: "", key: "maxContributions", access: .medium(\.maxContributions)),
        .init(group: "", key: "bondHoldHeights", access: .large(\.bondHoldHeights)),
    ]

    private static let timing: [GenesisParameter] = [
        timing("proposeMilliseconds", \.timing.proposeMilliseconds),
        timing("proposeDeltaMilliseconds", \.timing.proposeDeltaMilliseconds),
        timing("voteMilliseconds", \.timing.voteMilliseconds),
        timing("voteDeltaMilliseconds", \.timing.voteDeltaMilliseconds),
        timing("heartbeatMilliseconds", \.timing.heartbeatMilliseconds),
        timing("clockSkewMilliseconds", \.timing.clockSkewMilliseconds),
    ]

    private static let staking: [GenesisParameter] = [
        staking("epochLength", .large(\.staking.epochLength)),
        staking("unbondingHeights", .large(\.staking.unbondingHeights)),
        staking("evidenceHeights", .large(\.staking.evidenceHeights)),
        staking("minimumStake", .amount(\.staking.minimumStake)),
        staking("maxValidators", .small(\.staking.maxValidators)),
        staking("maxCandidates", .small(\.staking.maxCandidates)),
        staking("equivocationSlashPerMille", .small(\.staking.equivocationSlashPerMille)),
        staking("jailHeights", .large(\.staking.jailHeights)),
        staking("missedVerdictLimit", .small(\.staking.missedVerdictLimit)),
        staking("blockReward", .amount(\.staking.blockReward)),
        staking("proposerFeePerMille", .small(\.staking.proposerFeePerMille)),
        staking("voteWindow", .large(\.staking.voteWindow)),
        staking("missedVoteLimit", .medium(\.staking.missedVoteLimit)),
        staking("downtimeSlashPerMille", .small(\.staking.downtimeSlashPerMille)),
        staking("commissionHeights", .large(\.staking.commissionHeights)),
        staking("commissionChangePerMille", .small(\.staking.commissionChangePerMille)),
        staking("upgradeNoticeHeights", .large(\.staking.upgradeNoticeHeights)),
    ]

    private static let claims: [GenesisParameter] = [
        claims("beaconDelay", .large(\.claims.beaconDelay)),
        claims("committeeSize", .small(\.claims.committeeSize)),
        claims("maxAttempts", .small(\.claims.maxAttempts)),
        claims("commitHeights", .large(\.claims.commitHeights)),
        claims("revealHeights", .large(\.claims.revealHeights)),
        claims("challengeHeights", .large(\.claims.challengeHeights)),
        claims("minimumBond", .amount(\.claims.minimumBond)),
        claims("verificationFee", .amount(\.claims.verificationFee)),
        claims("minimumChallengeBond", .amount(\.claims.minimumChallengeBond)),
        claims("minimumAdapterBond", .amount(\.claims.minimumAdapterBond)),
        claims("finderPerMille", .small(\.claims.finderPerMille)),
        claims("unavailableSlashPerMille", .small(\.claims.unavailableSlashPerMille)),
        claims("minoritySlash", .amount(\.claims.minoritySlash)),
        claims("absenceSlash", .amount(\.claims.absenceSlash)),
        claims("maxUnits", .medium(\.claims.maxUnits)),
    ]

    private static let settlement: [GenesisParameter] = [
        settlement("contributorsPerMille", .small(\.settlement.contributorsPerMille)),
        settlement("adapterOwnerPerMille", .small(\.settlement.adapterOwnerPerMille)),
        settlement("modelOwnerPerMille", .small(\.settlement.modelOwnerPerMille)),
        settlement("providerPerMille", .small(\.settlement.providerPerMille)),
        settlement("validatorsPerMille", .small(\.settlement.validatorsPerMille)),
        settlement("treasuryPerMille", .small(\.settlement.treasuryPerMille)),
        settlement("contributorCapPerMille", .small(\.settlement.contributorCapPerMille)),
        settlement("negativeSlashPerMille", .small(\.settlement.negativeSlashPerMille)),
        settlement("vestingHeights", .large(\.settlement.vestingHeights)),
        settlement("channelCloseHeights", .large(\.settlement.channelCloseHeights)),
    ]
}

extension GenesisParameter {
    func read(
        _ fields: GenesisFields,
        into parameters: inout ChainParameters
    ) throws(GenesisFileError) {
        switch access {
        case .amount(let path): parameters[keyPath: path] = try fields.amount(key)
        case .small(let path): parameters[keyPath: path] = try fields.integer(key)
        case .medium(let path): parameters[keyPath: path] = try fields.integer(key)
        case .large(let path): parameters[keyPath: path] = try fields.integer(key)
        }
    }

    func write(_ parameters: ChainParameters) -> JSONObject.Member {
        let value: JSON =
            switch access {
            case .amount(let path): .string(parameters[keyPath: path].description)
            case .small(let path): .integer(parameters[keyPath: path])
            case .medium(let path): .integer(parameters[keyPath: path])
            case .large(let path): .integer(parameters[keyPath: path])
            }
        return .init(key: key, value: value)
    }
}
