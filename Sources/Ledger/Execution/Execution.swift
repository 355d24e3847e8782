// The state transition: one block on one state. A pure function of its arguments; every node
// that executes a block on the same state gets the same bytes.

import Primitives
import Voting

package enum Execution {
    /// Executes a block: evidence, missed votes, work that is due, transactions in order, then fees
    /// and, at an epoch's end, the next validator set. The supply is checked last.
    ///
    /// The caller has verified the signatures of all transactions, the proposer's turn, the
    /// beacon and the previous certificate. Evidence is verified here.
    package static func execute(
        _ input: BlockInput,
        on reader: some StateReader
    ) throws(LedgerError) -> BlockOutcome {
        var machine = try BlockMachine(input: input, reader: reader)
        let evidence: [DuplicateVoteEvidence]
        var batch = TransactionBatch()
        let next: ValidatorSet
        do {
            try machine.recordBeacon()
            try machine.activateVersion()
            evidence = try machine.punish(input.evidence)
            try machine.countVotes(input)
            try machine.runDueWork()
            for transaction in input.transactions {
                try machine.run(transaction, into: &batch)
            }
            try machine.divideFees(proposer: input.proposer)
            next = try machine.closeEpoch()
            try machine.checkSupply()
        } catch {
            switch error {
            case .failed(let failure): throw failure
            // Nobody sent this work; a refusal of it means that the rules contradict themselves.
            case .refused: throw .arithmetic
            }
        }
        return BlockOutcome(
            changes: machine.overlay.changes,
            receipts: batch.receipts,
            events: machine.events,
            nextValidators: next,
            included: batch.included,
            includedEvidence: evidence,
            excluded: batch.excluded
        )
    }
}

extension BlockMachine {
    /// Beacons are kept for so many heights; claims remember theirs.
    static let beaconHeights: UInt64 = 64

    mutating func recordBeacon() throws(Abort) {
        try store(beacon, at: StateKey.beacon(height))
        if height.value > Self.beaconHeights {
            let old = StateKey.beacon(Height(height.value - Self.beaconHeights))
            try remove(Digest.self, at: old)
        }
        overlay.keep()
    }

    mutating func runDueWork() throws(Abort) {
        let key = StateKey.dueCount(height)
        guard let due = try load(DueCount.self, at: key) else { return }
        for position in 0..<due.count {
            let place = StateKey.due(height, position)
            let work: DueWork = try loadKnown(at: place)
            try remove(DueWork.self, at: place)
            try run(work)
        }
        try remove(DueCount.self, at: key)
        overlay.keep()
    }

    private mutating func run(_ work: DueWork) throws(Abort) {
        switch work {
        case .claim(let id, let stamp): try claimIsDue(id, stamp: stamp)
        case .unbond(let id): try payUnbonding(id)
        case .expireContribution(let id): try expireContribution(id)
        case .releaseBonds(let datanet, let from, let to):
            try releaseBonds(datanet, from: from, to: to)
        case .vest(let settlement): try payVesting(settlement)
        case .closeChannel(let id): try payBackChannel(id)
        }
    }

    /// The proposer's part of the fees and the block reward; the rest goes to the treasury.
    mutating func divideFees(proposer: PublicKey) throws(Abort) {
        var pools: Pools = try loadKnown(at: StateKey.pools)
        let reward = min(parameters.staking.blockReward, pools.rewardPool)
        guard fees > .zero || reward > .zero else { return }
        var earned = Amount.zero
        if let owner = try earner(proposer) {
            earned = try fees.part(perMille: parameters.staking.proposerFeePerMille).plus(reward)
            pools.rewardPool = try pools.rewardPool.less(reward)
            var validator: ValidatorRecord = try loadKnown(at: StateKey.validator(owner))
            validator.rewards = try validator.rewards.plus(earned)
            try store(validator, at: StateKey.validator(owner))
            earned = try earned.less(reward)
        }
        pools.treasury = try pools.treasury.plus(try fees.less(earned))
        try store(pools, at: StateKey.pools)
        fees = .zero
        overlay.keep()
    }

    /// The owner of a proposer's key; nil for one that is convicted, and so earns nothing.
    private mutating func earner(_ proposer: PublicKey) throws(Abort) -> Address? {
        guard let owner: Address = try load(at: StateKey.validatorKey(proposer)) else { return nil }
        let validator: ValidatorRecord = try loadKnown(at: StateKey.validator(owner))
        return validator.status == .tombstoned ? nil : owner
    }

    /// No OPEN appears or vanishes: checked on what every entry really holds.
    mutating func checkSupply() throws(Abort) {
        let found: Amount
        do { found = try totals.sum() } catch { throw .failed(.arithmetic) }
        guard found == Genesis.supply else {
            throw .failed(.supplyMismatch(expected: Genesis.supply, found: found))
        }
        try store(totals, at: StateKey.supply)
        overlay.keep()
    }
}
