// The state before the first block.

import Cryptography
package import Primitives
package import Voting

extension Genesis {
    /// Why a genesis document starts no network.
    package enum Fault: Error, Sendable, Equatable {
        case parameters(ChainParameters.Fault)
        case noValidators
        case repeatedOwner(Address)
        case repeatedKey(PublicKey)
        case invalidKey(PublicKey)
        case stakeTooSmall(owner: Address, stake: Amount)
        case tooManyValidators(Int)
        case repeatedBalance(Address)
        case commissionOutOfRange(Address)
        case supplyMismatch(expected: Amount, found: Amount)
    }

    package func validate() throws(Fault) {
        do { try parameters.validate() } catch { throw .parameters(error) }
        guard !validators.isEmpty else { throw .noValidators }
        guard validators.count <= Int(parameters.staking.maxValidators) else {
            throw .tooManyValidators(validators.count)
        }
        let owners = validators.map(\.owner).sorted()
        for (left, right) in zip(owners, owners.dropFirst()) where left == right {
            throw .repeatedOwner(left)
        }
        let keys = validators.map(\.key).sorted()
        for (left, right) in zip(keys, keys.dropFirst()) where left == right {
            throw .repeatedKey(left)
        }
        for member in validators {
            guard Ed25519.isValidKey(member.key) else { throw .invalidKey(member.key) }
            guard member.stake >= parameters.staking.minimumStake else {
                throw .stakeTooSmall(owner: member.owner, stake: member.stake)
            }
            guard member.commissionPerMille <= 1_000 else {
                throw .commissionOutOfRange(member.owner)
            }
        }
        for (left, right) in zip(balances, balances.dropFirst())
        where left.address == right.address { throw .repeatedBalance(left.address) }
        let found = allocated
        guard found == Self.supply else {
            throw .supplyMismatch(expected: Self.supply, found: found ?? .zero)
        }
    }

    /// Everything that the document hands out; nil when it overflows.
    private var allocated: Amount? {
        let parts =
            balances.map(\.amount) + validators.map(\.stake) + [treasury, rewardPool]
        return parts.reduce(Amount.zero) { sum, part in try? sum?.adding(part) }
    }

    /// The state at height 0, ascending by key, and the set that decides the first block.
    package func initialState() throws(Fault) -> (changes: [StateChange], validators: ValidatorSet)
    {
        try validate()
        var entries: [StateChange] = []
        var totals = SupplyTotals()
        func put(_ key: [UInt8], _ entry: some StateEntry) throws(Amount.Failure) {
            entries.append(StateChange(key: key, value: entry.borshBytes))
            try totals.add(entry.holdings)
        }
        let set: ValidatorSet
        do {
            try put(
                StateKey.chain,
                ChainRecord(chain: chain, genesis: hash, parameters: parameters)
            )
            try put(StateKey.beacon(.genesis), beacon)
            try put(
                StateKey.protocolVersion,
                ProtocolRecord(current: BlockHeader.firstVersion)
            )
            try put(StateKey.pools, Pools(treasury: treasury, rewardPool: rewardPool))
            try put(StateKey.candidates, CandidateList(owners: validators.map(\.owner)))
            for balance in balances {
                try put(StateKey.account(balance.address), Account(balance: balance.amount))
            }
            var members: [Validator] = []
            for member in validators {
                var record = ValidatorRecord(
                    owner: member.owner,
                    key: member.key,
                    commissionPerMille: member.commissionPerMille
                )
                let shares = try record.bonded.deposit(member.stake)
                try put(StateKey.validator(member.owner), record)
                try put(StateKey.validatorKey(member.key), member.owner)
                try put(
                    StateKey.delegation(member.owner, member.owner),
                    Delegation(shares: shares)
                )
                members.append(
                    Validator(address: member.owner, key: member.key, power: record.power)
                )
            }
            set = try ValidatorSet(members)
            try put(StateKey.validatorSet(epoch: 0), set)
        } catch {
            // Validation leaves neither sums that overflow nor an impossible set.
            throw .supplyMismatch(expected: Self.supply, found: .zero)
        }
        entries.append(StateChange(key: StateKey.supply, value: totals.borshBytes))
        return (entries.sorted { $0.key.lexicographicallyPrecedes($1.key) }, set)
    }
}
