// What the owner of a validator decides about its service: keys, commission, the way out of jail.

import Cryptography
import Primitives

extension BlockMachine {
    mutating func unjail(_ owner: Address) throws(Abort) {
        var validator: ValidatorRecord = try load(
            at: StateKey.validator(owner),
            or: .unknownValidator
        )
        switch validator.status {
        case .active: throw .refused(.notJailed)
        case .tombstoned: throw .refused(.validatorTombstoned)
        case .jailed(let until):
            guard height >= until else { throw .refused(.stillJailed) }
        }
        validator.status = .active
        validator.missedVerdicts = 0
        try store(validator, at: StateKey.validator(owner))
        emit(.unjailed, [(.validator, .address(owner))])
    }

    /// Names a new hot key. It serves from the epoch after the next one on, so that nobody can
    /// choose a key by what its beacon proofs would be.
    mutating func rotateKey(_ body: RotateKey, by owner: Address) throws(Abort) {
        var validator = try inService(owner)
        guard validator.nextKey == nil else { throw .refused(.rotationPending) }
        try checkNewKey(body.key, proof: body.proof, owner: owner)
        validator.nextKey = ValidatorRecord.NextKey(key: body.key, since: height)
        try store(owner, at: StateKey.validatorKey(body.key))
        try store(validator, at: StateKey.validator(owner))
        emit(.keyRotated, [(.validator, .address(owner)), (.key, .text("\(body.key)"))])
    }

    /// What was earned before is shared by the commission before.
    mutating func setCommission(_ perMille: UInt16, by owner: Address) throws(Abort) {
        let before = try inService(owner)
        let staking = parameters.staking
        guard height.value - before.commissionSince.value >= staking.commissionHeights else {
            throw .refused(.commissionTooSoon)
        }
        let low = min(perMille, before.commissionPerMille)
        let high = max(perMille, before.commissionPerMille)
        guard high - low <= staking.commissionChangePerMille else {
            throw .refused(.commissionChangeTooLarge)
        }
        var validator = try shareRewards(of: owner)
        validator.commissionPerMille = perMille
        validator.commissionSince = height
        try store(validator, at: StateKey.validator(owner))
        emit(
            .commissionChanged,
            [(.validator, .address(owner)), (.commission, .number(UInt64(perMille)))]
        )
    }

    private mutating func inService(_ owner: Address) throws(Abort) -> ValidatorRecord {
        let validator: ValidatorRecord = try load(
            at: StateKey.validator(owner),
            or: .unknownValidator
        )
        guard validator.status != .tombstoned else { throw .refused(.validatorTombstoned) }
        return validator
    }

    /// A key that nobody has had, and whose holder knows of it.
    mutating func checkNewKey(
        _ key: PublicKey,
        proof: Signature,
        owner: Address
    ) throws(Abort) {
        guard Ed25519.isValidKey(key) else { throw .refused(.invalidKey) }
        guard try load(Address.self, at: StateKey.validatorKey(key)) == nil else {
            throw .refused(.keyInUse)
        }
        let message = RegisterValidator.proofBytes(chain: record.chain, owner: owner)
        guard Ed25519.verify(proof, of: message, by: key) else { throw .refused(.invalidKey) }
    }

    // MARK: Versions

    /// Only the version after this one can be asked for; the current one takes it back.
    mutating func signalVersion(_ version: UInt32, by owner: Address) throws(Abort) {
        var validator = try inService(owner)
        let current = try protocolRecord().current
        guard version == current || version == current + 1 else { throw .refused(.wrongVersion) }
        validator.readyVersion = version
        try store(validator, at: StateKey.validator(owner))
        emit(
            .versionSignalled,
            [(.validator, .address(owner)), (.version, .number(UInt64(version)))]
        )
    }

    mutating func protocolRecord() throws(Abort) -> ProtocolRecord {
        try loadKnown(at: StateKey.protocolVersion)
    }

    /// The first block of a version begins by saying so.
    mutating func activateVersion() throws(Abort) {
        let before = try protocolRecord()
        guard let next = before.next, next.height == height else { return }
        try store(ProtocolRecord(current: next.version), at: StateKey.protocolVersion)
        emit(.upgraded, [(.version, .number(UInt64(next.version)))])
        overlay.keep()
    }
}
