import Cryptography
import Ledger
import Primitives

/// The ledger once more, from docs/protocol.md and as plainly as possible: dictionaries, whole
/// rules in one place, long division bit by bit. It shares no code with what it is compared to but
/// the names and the digests of things.
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
        /// Heights of votes that did not come, and verdicts in a row that did not.
        var missed: [UInt64] = []
        var missedVerdicts = 0
        var jailedUntil: UInt64?
        var bonded = Pool()
        var leaving = Pool()
        var rewards: UInt128 = 0
        var isOut = false

        var serves: Bool { !isOut && jailedUntil == nil }
    }

    /// A member of the set of an epoch, with the key that served then.
    struct Seat: Equatable {
        let owner: Address
        let key: PublicKey
        let power: UInt64
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
    let chain: ChainID
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
    /// Who decides this epoch's blocks.
    var set: [Seat] = []
    /// Who decided the block that was just run.
    private(set) var setBefore: [Seat] = []
    var nets: [Digest: Net] = [:]
    var gifts: [Digest: Gift] = [:]
    var bonds: [Stake: UInt128] = [:]
    var bondReturns: [BondReturn] = []
    /// The Datanet of each snapshot.
    var snapshots: [Digest: Digest] = [:]
    var models: [Digest: Base] = [:]
    var adapters: [Digest: Piece] = [:]
    var claims: [Digest: Case] = [:]
    var channels: [Digest: Purse] = [:]
    var earnings: [Earning] = []
    /// Asked for the members that were drawn for a claim, and for the units of a seat's share.
    var drawn: (Digest) -> [Judge] = { _ in [] }
    var sampled: (_ claim: Digest, _ seat: Int, _ seats: Int) -> [UInt32] = { _, _, _ in [] }
    var tickets = 0

    init(_ genesis: Genesis) {
        parameters = genesis.parameters
        chain = genesis.chain
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
        set = serving
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
        setBefore = set
    }

    /// Work that is due. Before the transactions.
    mutating func workDue() {
        payLeaving()
        dataDue()
        claimsDue()
        moneyDue()
    }

    private mutating func payLeaving() {
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
    mutating func run(_ signed: SignedTransaction) -> Bool? {
        let transaction = signed.body
        let sender = transaction.sender
        let isFree = transaction.fee < parameters.minimumFee
        guard !isFree || [.commitVerdict, .revealVerdict].contains(transaction.action.kind)
        else { return nil }
        guard transaction.nonce == nonces[sender, default: 0],
            transaction.fee.units <= balances[sender, default: 0]
        else { return nil }
        let untouched = self
        nonces[sender, default: 0] += 1
        balances[sender, default: 0] -= transaction.fee.units
        fees += transaction.fee.units
        let before = self
        if perform(transaction.action, sender, signed) { return true }
        self = isFree ? untouched : before
        return isFree ? nil : false
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
        let next = serving.prefix(Int(parameters.staking.maxValidators))
        if !next.isEmpty { set = Array(next) }
    }

    /// Named in an epoch before the one that ends now.
    private func isSettled(_ named: UInt64) -> Bool {
        let length = parameters.staking.epochLength
        return named == 0 || (named - 1) / length < (height - 1) / length
    }

    mutating func shareRewards(_ owner: Address) {
        guard var member = members[owner] else { return }
        let hasStake = member.bonded.tokens > 0
        let own = hasStake ? Self.perMille(member.rewards, member.commission) : member.rewards
        member.bonded.tokens += member.rewards - own
        member.rewards = 0
        members[owner] = member
        balances[owner, default: 0] += own
    }

    /// Those who would serve, the strongest first. At an epoch's end.
    private var serving: [Seat] {
        members.values.filter {
            listed.contains($0.owner) && $0.jailedUntil == nil && isSettled($0.registered)
        }
        .map {
            Seat(
                owner: $0.owner,
                key: $0.key,
                power: UInt64($0.bonded.tokens / 1_000_000_000_000_000_000)
            )
        }
        .sorted { ($1.power, $0.owner) < ($0.power, $1.owner) }
    }
}
