import Ledger
import Primitives

/// Money and stake once more, from docs/protocol.md and as plainly as possible: dictionaries, whole
/// rules in one place, long division bit by bit. It shares no code with what it is compared to but
/// the names of things.
struct NaiveLedger {
    struct Pool: Equatable {
        var tokens: UInt128 = 0
        var shares: UInt128 = 0

        /// New shares in proportion, rounded down.
        mutating func put(_ amount: UInt128) -> UInt128? {
            guard shares == 0 || tokens > 0 else { return nil }
            guard let minted = shares == 0 ? amount : NaiveLedger.part(shares, amount, tokens)
            else {
                return nil
            }
            tokens += amount
            shares += minted
            return minted
        }

        mutating func take(_ count: UInt128) -> UInt128 {
            let amount = NaiveLedger.part(tokens, count, shares) ?? 0
            tokens -= amount
            shares -= count
            return amount
        }
    }

    struct Member: Equatable {
        let owner: Address
        var key: PublicKey
        var commission: UInt128
        /// 0 for those of the genesis.
        let registered: UInt64
        var commissionSince: UInt64
        var nextKey: PublicKey?
        var nextKeySince: UInt64 = 0
        var missed: [UInt64] = []
        var jailedUntil: UInt64?
        var bonded = Pool()
        var leaving = Pool()
        var rewards: UInt128 = 0
        var isOut = false
    }

    struct Waiting: Equatable {
        let due: UInt64
        let member: Address
        let delegator: Address
        let shares: UInt128
    }

    struct Ownership: Hashable {
        let member: Address
        let delegator: Address
    }

    let parameters: ChainParameters
    var balances: [Address: UInt128] = [:]
    var nonces: [Address: UInt64] = [:]
    var members: [Address: Member] = [:]
    /// Who may be chosen.
    var listed: Set<Address> = []
    /// Every key that anyone has named.
    var keys: [PublicKey: Address] = [:]
    var owned: [Ownership: UInt128] = [:]
    var waiting: [Waiting] = []
    var treasury: UInt128
    var rewardPool: UInt128
    var height: UInt64 = 0
    var fees: UInt128 = 0

    init(_ genesis: Genesis) {
        parameters = genesis.parameters
        treasury = genesis.treasury.units
        rewardPool = genesis.rewardPool.units
        for balance in genesis.balances { balances[balance.address] = balance.amount.units }
        for member in genesis.validators {
            var new = Member(
                owner: member.owner,
                key: member.key,
                commission: UInt128(member.commissionPerMille),
                registered: 0,
                commissionSince: 0
            )
            listed.insert(member.owner)
            keys[member.key] = member.owner
            owned[Ownership(member: member.owner, delegator: member.owner)] =
                new.bonded.put(member.stake.units)
            members[member.owner] = new
        }
    }

    /// `first · second / divisor`, rounded down; nil beyond 128 bits. Doubles and adds.
    static func part(_ first: UInt128, _ second: UInt128, _ divisor: UInt128) -> UInt128? {
        let whole = first / divisor
        let rest = first % divisor
        var (quotient, remainder): (UInt128, UInt128) = (0, 0)
        for bit in (0..<128).reversed() {
            quotient = quotient &* 2
            remainder = remainder &* 2
            if second >> UInt128(bit) & 1 == 1 { remainder += rest }
            while remainder >= divisor {
                remainder -= divisor
                quotient += 1
            }
        }
        let (product, tooLarge) = whole.multipliedReportingOverflow(by: second)
        let (sum, tooMuch) = product.addingReportingOverflow(quotient)
        return tooLarge || tooMuch ? nil : sum
    }

    static func perMille(_ amount: UInt128, _ rate: UInt128) -> UInt128 { amount * rate / 1_000 }

    // MARK: A block

    mutating func begin() {
        height += 1
        fees = 0
    }

    /// Work that is due. Before the transactions.
    mutating func payLeaving() {
        for entry in waiting where entry.due == height {
            let amount = members[entry.member]?.leaving.take(entry.shares) ?? 0
            balances[entry.delegator, default: 0] += amount
        }
        waiting.removeAll { $0.due == height }
    }

    mutating func convict(_ owner: Address) {
        guard members[owner]?.isOut == false else { return }
        slash(owner, UInt128(parameters.staking.equivocationSlashPerMille))
        members[owner]?.isOut = true
        members[owner]?.missed = []
        members[owner]?.jailedUntil = nil
    }

    private mutating func slash(_ owner: Address, _ rate: UInt128) {
        guard var member = members[owner] else { return }
        let lost = Self.perMille(member.bonded.tokens, rate)
        let lostLeaving = Self.perMille(member.leaving.tokens, rate)
        member.bonded.tokens -= lost
        member.leaving.tokens -= lostLeaving
        treasury += lost + lostLeaving
        members[owner] = member
    }

    /// Who is missing in the certificate of the block before.
    mutating func miss(_ absent: [Address], proposer: PublicKey) {
        let present = keys[proposer]
        if let present { members[present]?.missed = [] }
        let span = parameters.staking.voteWindow / 16
        let missed = height - 1
        for owner in absent where owner != present {
            guard var member = members[owner], !member.isOut, member.jailedUntil == nil else {
                continue
            }
            member.missed.append(missed)
            member.missed.removeAll { $0 / span + 16 <= missed / span }
            let isTooMuch = member.missed.count >= Int(parameters.staking.missedVoteLimit)
            if isTooMuch {
                member.missed = []
                member.jailedUntil = height + parameters.staking.jailHeights
            }
            members[owner] = member
            if isTooMuch { slash(owner, UInt128(parameters.staking.downtimeSlashPerMille)) }
        }
    }

    /// Nil for a transaction that may not stand in the block, otherwise whether it did something.
    mutating func run(_ transaction: Transaction) -> Bool? {
        let sender = transaction.sender
        guard transaction.nonce == nonces[sender, default: 0],
            transaction.fee >= parameters.minimumFee,
            transaction.fee.units <= balances[sender, default: 0]
        else { return nil }
        nonces[sender, default: 0] += 1
        balances[sender, default: 0] -= transaction.fee.units
        fees += transaction.fee.units
        let before = self
        if perform(transaction.action, sender) { return true }
        self = before
        return false
    }

    mutating func finish(proposer: PublicKey) {
        let reward = min(parameters.staking.blockReward.units, rewardPool)
        if let owner = keys[proposer], members[owner]?.isOut == false {
            let part = Self.perMille(fees, UInt128(parameters.staking.proposerFeePerMille))
            members[owner]?.rewards += part + reward
            rewardPool -= reward
            treasury += fees - part
        } else {
            treasury += fees
        }
        guard height % parameters.staking.epochLength == 0 else { return }
        for owner in listed {
            shareRewards(owner)
            guard var member = members[owner] else { continue }
            if let next = member.nextKey, isSettled(member.nextKeySince) {
                member.key = next
                member.nextKey = nil
            }
            members[owner] = member
            let least = parameters.staking.minimumStake.units
            if member.isOut || member.bonded.tokens < least { listed.remove(owner) }
        }
    }

    /// Named in an epoch before the one that ends now.
    private func isSettled(_ named: UInt64) -> Bool {
        let length = parameters.staking.epochLength
        return named == 0 || (named - 1) / length < (height - 1) / length
    }

    private mutating func shareRewards(_ owner: Address) {
        guard var member = members[owner] else { return }
        let hasStake = member.bonded.tokens > 0
        let own = hasStake ? Self.perMille(member.rewards, member.commission) : member.rewards
        member.bonded.tokens += member.rewards - own
        member.rewards = 0
        members[owner] = member
        balances[owner, default: 0] += own
    }

    /// Addresses and powers of those who would serve, the strongest first. At an epoch's end.
    var serving: [(owner: Address, power: UInt64)] {
        members.values.filter {
            listed.contains($0.owner) && $0.jailedUntil == nil && isSettled($0.registered)
        }
        .map { ($0.owner, UInt64($0.bonded.tokens / 1_000_000_000_000_000_000)) }
        .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    // MARK: Actions

    private mutating func perform(_ action: Action, _ sender: Address) -> Bool {
        switch action {
        case .transfer(let body):
            guard body.amount > .zero, pay(sender, body.amount.units) else { return false }
            balances[body.to, default: 0] += body.amount.units
            return true
        case .registerValidator(let body):
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
        case .delegate(let body):
            guard body.amount > .zero, let member = members[body.validator], !member.isOut else {
                return false
            }
            let (sum, isTooMuch) = member.bonded.tokens.addingReportingOverflow(body.amount.units)
            guard !isTooMuch else { return false }
            let least = parameters.staking.minimumStake.units
            if member.bonded.tokens < least, sum >= least, !list(body.validator) { return false }
            return bond(body.validator, body.amount.units, sender)
        case .unjail:
            guard let member = members[sender], let until = member.jailedUntil, height >= until
            else { return false }
            members[sender]?.jailedUntil = nil
            return true
        case .rotateKey(let body):
            guard let member = members[sender], !member.isOut, member.nextKey == nil,
                keys[body.key] == nil
            else { return false }
            keys[body.key] = sender
            members[sender]?.nextKey = body.key
            members[sender]?.nextKeySince = height
            return true
        case .setCommission(let rate):
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
        case .undelegate(let body): return unbond(body.validator, body.amount.units, sender)
        default: return false
        }
    }

    /// Puts an owner on the list if it is not there; false without room.
    private mutating func list(_ owner: Address) -> Bool {
        guard !listed.contains(owner) else { return true }
        guard listed.count < Int(parameters.staking.maxCandidates) else { return false }
        listed.insert(owner)
        return true
    }

    private mutating func pay(_ payer: Address, _ amount: UInt128) -> Bool {
        guard balances[payer, default: 0] >= amount else { return false }
        balances[payer, default: 0] -= amount
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
