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
        let key: PublicKey
        let commission: UInt128
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
                commission: UInt128(member.commissionPerMille)
            )
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
        guard var member = members[owner], !member.isOut else { return }
        let rate = UInt128(parameters.staking.equivocationSlashPerMille)
        let lost = Self.perMille(member.bonded.tokens, rate)
        let lostLeaving = Self.perMille(member.leaving.tokens, rate)
        member.bonded.tokens -= lost
        member.leaving.tokens -= lostLeaving
        member.isOut = true
        treasury += lost + lostLeaving
        members[owner] = member
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
        if let owner = members.values.first(where: { $0.key == proposer })?.owner {
            let part = Self.perMille(fees, UInt128(parameters.staking.proposerFeePerMille))
            members[owner]?.rewards += part + reward
            rewardPool -= reward
            treasury += fees - part
        } else {
            treasury += fees
        }
        if (height % UInt64(parameters.staking.epochLength)) == 0 { shareRewards() }
    }

    private mutating func shareRewards() {
        for (owner, old) in members {
            var member = old
            let hasStake = member.bonded.tokens > 0
            let own = hasStake ? Self.perMille(member.rewards, member.commission) : member.rewards
            member.bonded.tokens += member.rewards - own
            member.rewards = 0
            members[owner] = member
            balances[owner, default: 0] += own
        }
    }

    /// Addresses and powers of those who would serve, the strongest first.
    var serving: [(owner: Address, power: UInt64)] {
        let least = parameters.staking.minimumStake.units
        return members.values.filter { !$0.isOut && $0.bonded.tokens >= least }
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
                !members.values.contains(where: { $0.key == body.key })
            else { return false }
            members[sender] = Member(
                owner: sender,
                key: body.key,
                commission: UInt128(body.commissionPerMille)
            )
            return bond(sender, body.stake.units, sender)
        case .delegate(let body):
            guard body.amount > .zero, members[body.validator]?.isOut == false else { return false }
            return bond(body.validator, body.amount.units, sender)
        case .undelegate(let body): return unbond(body.validator, body.amount.units, sender)
        default: return false
        }
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
