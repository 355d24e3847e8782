import Ledger
import Primitives

/// What each action does, and those of money and stake.
extension NaiveLedger {
    mutating func perform(_ action: Action, _ sender: Address, _ signed: SignedTransaction) -> Bool
    {
        let id = signed.id
        switch action {
        case .transfer(let body): return transfer(body, sender)
        case .registerValidator(let body): return register(body, sender)
        case .delegate(let body): return delegate(body, sender)
        case .undelegate(let body): return unbond(body.validator, body.amount.units, sender)
        case .unjail: return unjail(sender)
        case .rotateKey(let body): return rotate(body, sender)
        case .setCommission(let rate): return setCommission(rate, sender)
        case .signalVersion: return false
        case .createDatanet(let body): return create(body, sender, id)
        case .commitContribution(let body): return commit(body, sender, id)
        case .revealContribution(let body): return reveal(body, sender)
        case .freezeSnapshot(let body): return freeze(body, id)
        case .registerModel(let body): return register(body, sender, id)
        case .commitAdapter(let body): return commit(body, sender, id)
        case .revokeAdapter(let adapter): return revoke(adapter, sender)
        case .submitClaim(let body): return submit(body, sender, id)
        case .commitVerdict(let body): return commit(body, sender)
        case .revealVerdict(let body): return reveal(body, sender)
        case .challengeUnit(let body): return challenge(body, sender)
        case .openChannel(let body): return open(body, sender, signed.key, id)
        case .closeChannel(let channel): return close(channel, sender)
        case .settle(let body): return settle(body, sender)
        }
    }

    mutating func pay(_ payer: Address, _ amount: UInt128) -> Bool {
        guard balances[payer, default: 0] >= amount else { return false }
        balances[payer, default: 0] -= amount
        return true
    }

    private mutating func transfer(_ body: Transfer, _ sender: Address) -> Bool {
        guard body.amount > .zero, pay(sender, body.amount.units) else { return false }
        balances[body.to, default: 0] += body.amount.units
        return true
    }

    private mutating func register(_ body: RegisterValidator, _ sender: Address) -> Bool {
        guard members[sender] == nil, body.stake >= parameters.staking.minimumStake,
            keys[body.key] == nil, list(sender)
        else { return false }
        keys[body.key] = sender
        members[sender] = Member(
            owner: sender,
            key: body.key,
            commission: UInt128(body.commissionPerMille),
            registered: height,
            commissionSince: height
        )
        return bond(sender, body.stake.units, sender)
    }

    private mutating func delegate(_ body: Delegate, _ sender: Address) -> Bool {
        guard body.amount > .zero, let member = members[body.validator], !member.isOut else {
            return false
        }
        let (sum, isTooMuch) = member.bonded.tokens.addingReportingOverflow(body.amount.units)
        guard !isTooMuch else { return false }
        let least = parameters.staking.minimumStake.units
        if member.bonded.tokens < least, sum >= least, !list(body.validator) { return false }
        return bond(body.validator, body.amount.units, sender)
    }

    /// Puts an owner on the list if it is not there; false without room.
    private mutating func list(_ owner: Address) -> Bool {
        guard !listed.contains(owner) else { return true }
        guard listed.count < Int(parameters.staking.maxCandidates) else { return false }
        listed.insert(owner)
        return true
    }

    private mutating func rotate(_ body: RotateKey, _ sender: Address) -> Bool {
        guard let member = members[sender], !member.isOut, member.nextKey == nil,
            keys[body.key] == nil
        else { return false }
        keys[body.key] = sender
        members[sender]?.nextKey = body.key
        members[sender]?.nextKeySince = height
        return true
    }

    private mutating func setCommission(_ rate: UInt16, _ sender: Address) -> Bool {
        guard let member = members[sender], !member.isOut,
            height - member.commissionSince >= parameters.staking.commissionHeights
        else { return false }
        let (old, new) = (Int(member.commission), Int(rate))
        guard abs(old - new) <= Int(parameters.staking.commissionChangePerMille) else {
            return false
        }
        shareRewards(sender)
        members[sender]?.commission = UInt128(rate)
        members[sender]?.commissionSince = height
        return true
    }

    private mutating func unjail(_ sender: Address) -> Bool {
        guard var member = members[sender], !member.isOut, let until = member.jailedUntil,
            height >= until
        else { return false }
        member.jailedUntil = nil
        member.missedVerdicts = 0
        members[sender] = member
        return true
    }

    private mutating func bond(_ owner: Address, _ amount: UInt128, _ delegator: Address) -> Bool {
        guard pay(delegator, amount), let minted = members[owner]?.bonded.put(amount), minted > 0
        else { return false }
        owned[Ownership(member: owner, delegator: delegator), default: 0] += minted
        return true
    }

    /// The fewest shares that are worth the amount leave, by trying the rounded-down number first.
    private mutating func unbond(_ owner: Address, _ amount: UInt128, _ delegator: Address) -> Bool
    {
        let place = Ownership(member: owner, delegator: delegator)
        guard amount > 0, var member = members[owner], let held = owned[place],
            amount <= member.bonded.tokens,
            var count = Self.part(member.bonded.shares, amount, member.bonded.tokens)
        else { return false }
        let worth = Self.part(member.bonded.tokens, count, member.bonded.shares) ?? 0
        if worth < amount { count += 1 }
        guard count <= held else { return false }
        let moved = member.bonded.take(count)
        guard let shares = member.leaving.put(moved) else { return false }
        members[owner] = member
        owned[place] = held == count ? nil : held - count
        waiting.append(
            Waiting(
                due: height + UInt64(parameters.staking.unbondingHeights),
                member: owner,
                delegator: delegator,
                shares: shares
            )
        )
        return true
    }
}
