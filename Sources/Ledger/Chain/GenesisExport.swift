// A state as the beginning of another chain: everything that anyone owns, wherever it is, becomes a
// balance or a validator's own stake. Deterministic: equal states give equal documents.

package import Primitives

/// Collects a state entry by entry, in any order.
package struct GenesisExport: Sendable {
    package enum Failure: Error, Equatable {
        /// A value of the state does not decode.
        case corruptState(key: [UInt8])
        /// The state is not that of a chain.
        case missingGenesis
        case arithmetic
        /// No validator is in service with enough stake of its own.
        case noValidators
        /// More accounts than a genesis may list.
        case tooManyBalances(Int)
    }

    private struct Place: Hashable {
        let validator: Address
        let delegator: Address
        let shares: UInt128
    }

    private var parameters: ChainParameters?
    private var pools: Pools?
    private var validators: [ValidatorRecord] = []
    private var bonded: [Place] = []
    private var leaving: [Place] = []
    private var owned: [Address: Amount] = [:]

    package init() {}

    /// Takes an entry of the state.
    package mutating func take(key: [UInt8], value: [UInt8]) throws(Failure) {
        do throws(BorshError) {
            let entries = try read(key, value)
            for (owner, amount) in entries { try give(amount, to: owner) }
        } catch {
            throw .corruptState(key: key)
        }
    }

    /// The genesis of a chain with this name that begins where the state ends.
    package func genesis(chain: ChainID, time: UInt64) throws(Failure) -> Genesis {
        guard let parameters, let pools else { throw .missingGenesis }
        var result = self
        let members = try result.settleStake(parameters)
        guard !members.isEmpty else { throw .noValidators }
        let balances = result.owned.filter { $0.value > .zero }
            .map { Genesis.Balance(address: $0.key, amount: $0.value) }
        guard balances.count <= Genesis.balanceLimit else {
            throw .tooManyBalances(balances.count)
        }
        // What shares do not name, because their worth is rounded down, is the network's.
        var rest = Genesis.supply
        do throws(Amount.Failure) {
            for amount in balances.map(\.amount) + members.map(\.stake) + [pools.rewardPool] {
                rest = try rest.subtracting(amount)
            }
        } catch {
            throw .arithmetic
        }
        return Genesis(
            chain: chain,
            time: time,
            parameters: parameters,
            validators: members,
            balances: balances,
            treasury: rest,
            rewardPool: pools.rewardPool
        )
    }

    // MARK: Reading

    /// Who owns how much of an entry. Stake is put aside: its worth is its pool's to say.
    private mutating func read(
        _ key: [UInt8],
        _ value: [UInt8]
    ) throws(BorshError) -> [(Address, Amount)] {
        if key == StateKey.chain { parameters = try ChainRecord(borsh: value).parameters }
        if key == StateKey.pools { pools = try Pools(borsh: value) }
        let slash = key.firstIndex(of: UInt8(ascii: "/")) ?? key.count
        let rest = Array(key.dropFirst(slash + 1))
        switch String(decoding: key.prefix(slash), as: UTF8.self) {
        case "a": return [(try Address(borsh: rest), try Account(borsh: value).balance)]
        case "v":
            let record = try ValidatorRecord(borsh: value)
            validators.append(record)
            return [(record.owner, record.rewards)]
        case "vd":
            let place = Place(
                validator: try Address(borsh: Array(rest.prefix(Address.byteCount))),
                delegator: try Address(borsh: Array(rest.dropFirst(Address.byteCount))),
                shares: try Delegation(borsh: value).shares
            )
            bonded.append(place)
            return []
        case "ub":
            let entry = try Unbonding(borsh: value)
            leaving.append(
                Place(
                    validator: entry.validator,
                    delegator: entry.delegator,
                    shares: entry.shares
                )
            )
            return []
        case "cb":
            let contributor = try Address(borsh: Array(rest.dropFirst(Digest.byteCount)))
            return [(contributor, try ContributorBond(borsh: value).amount)]
        case "p":
            let adapter = try Adapter(borsh: value)
            return [(adapter.owner, adapter.bond)]
        case "k":
            let claim = try Claim(borsh: value)
            let own = [(claim.claimant, claim.bond), (claim.claimant, claim.fee)]
            return own + (claim.challenge.map { [($0.challenger, $0.bond)] } ?? [])
        case "ch":
            let channel = try Channel(borsh: value)
            return [(channel.payer, channel.deposit)]
        case "vest": return try Vesting(borsh: value).payouts.map { ($0.account, $0.amount) }
        default: return []
        }
    }

    private mutating func give(_ amount: Amount, to owner: Address) throws(BorshError) {
        do { owned[owner] = try (owned[owner] ?? .zero).adding(amount) } catch {
            throw .invalidValue(offset: 0, field: "amount")
        }
    }

    // MARK: Stake

    /// Turns shares into money, and who serves with enough stake of its own into a member.
    private mutating func settleStake(
        _ parameters: ChainParameters
    ) throws(Failure) -> [Genesis.Member] {
        var members: [Genesis.Member] = []
        do throws(Amount.Failure) {
            for record in validators.sorted(by: { $0.owner < $1.owner }) {
                var own = Amount.zero
                for place in bonded where place.validator == record.owner {
                    let worth = try record.bonded.worth(place.shares)
                    if place.delegator == record.owner {
                        own = worth
                    } else {
                        try add(worth, to: place.delegator)
                    }
                }
                for place in leaving where place.validator == record.owner {
                    try add(try record.unbonding.worth(place.shares), to: place.delegator)
                }
                let serves = record.status == .active && own >= parameters.staking.minimumStake
                guard serves, members.count < Int(parameters.staking.maxValidators) else {
                    try add(own, to: record.owner)
                    continue
                }
                members.append(
                    Genesis.Member(
                        owner: record.owner,
                        key: record.key,
                        stake: own,
                        commissionPerMille: record.commissionPerMille
                    )
                )
            }
        } catch {
            throw .arithmetic
        }
        return members
    }

    private mutating func add(_ amount: Amount, to owner: Address) throws(Amount.Failure) {
        owned[owner] = try (owned[owner] ?? .zero).adding(amount)
    }
}
