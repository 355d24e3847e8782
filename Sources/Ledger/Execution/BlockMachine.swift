// The state while a block is executed: typed reads and writes, money, events and schedule.
// The actions are extensions of it, one family a file.

import Primitives
import Voting

/// Executes one block. Created for the block and dropped with it.
struct BlockMachine {
    let record: ChainRecord
    let height: Height
    let beacon: Digest
    /// The set that decides this block.
    let validators: ValidatorSet
    var overlay: Overlay
    var totals: SupplyTotals
    /// Fees of this block, until its end divides them. Not in any category meanwhile.
    var fees = Amount.zero
    var events: [Event] = []
    /// The transaction that is executed now; nil for scheduled work.
    var transaction: SignedTransaction?

    var parameters: ChainParameters { record.parameters }

    init(input: BlockInput, reader: any StateReader) throws(LedgerError) {
        var overlay = Overlay(reader)
        guard let record: ChainRecord = try Self.decode(StateKey.chain, &overlay),
            let totals: SupplyTotals = try Self.decode(StateKey.supply, &overlay)
        else { throw .missingGenesis }
        height = input.height
        guard height > .genesis,
            try overlay.value(StateKey.beacon(Height(height.value - 1))) != nil,
            try overlay.value(StateKey.beacon(height)) == nil
        else { throw .heightOutOfOrder(found: height) }
        let epoch = record.parameters.staking.epoch(of: height)
        guard let set: ValidatorSet = try Self.decode(StateKey.validatorSet(epoch: epoch), &overlay)
        else { throw .invalidValidatorSet }
        self.record = record
        self.totals = totals
        self.overlay = overlay
        beacon = input.beacon
        validators = set
    }

    private static func decode<Entry: StateEntry>(
        _ key: [UInt8],
        _ overlay: inout Overlay
    ) throws(LedgerError) -> Entry? {
        guard let bytes = try overlay.value(key) else { return nil }
        do { return try Entry(borsh: bytes) } catch { throw .corruptState(key: key) }
    }
}

// MARK: - Entries

extension BlockMachine {
    mutating func load<Entry: StateEntry>(
        _ type: Entry.Type = Entry.self,
        at key: [UInt8]
    ) throws(Abort) -> Entry? {
        do { return try Self.decode(key, &overlay) } catch { throw .failed(error) }
    }

    /// Loads an entry whose absence is the transaction's fault.
    mutating func load<Entry: StateEntry>(
        _ type: Entry.Type = Entry.self,
        at key: [UInt8],
        or refusal: Refusal
    ) throws(Abort) -> Entry {
        guard let entry = try load(Entry.self, at: key) else { throw .refused(refusal) }
        return entry
    }

    /// Loads an entry that another entry promises.
    mutating func loadKnown<Entry: StateEntry>(
        _ type: Entry.Type = Entry.self,
        at key: [UInt8]
    ) throws(Abort) -> Entry {
        guard let entry = try load(Entry.self, at: key) else {
            throw .failed(.corruptState(key: key))
        }
        return entry
    }

    /// Writes an entry, and moves the supply's totals by what it holds more or less than before.
    mutating func store<Entry: StateEntry>(_ entry: Entry, at key: [UInt8]) throws(Abort) {
        try replace(Entry.self, entry, at: key)
    }

    mutating func remove<Entry: StateEntry>(_ type: Entry.Type, at key: [UInt8]) throws(Abort) {
        try replace(type, nil, at: key)
    }

    private mutating func replace<Entry: StateEntry>(
        _ type: Entry.Type,
        _ entry: Entry?,
        at key: [UInt8]
    ) throws(Abort) {
        let before = try load(Entry.self, at: key)?.holdings ?? []
        do {
            try totals.add(entry?.holdings ?? [])
            try totals.remove(before)
        } catch { throw .failed(.arithmetic) }
        do { try overlay.set(key, entry?.borshBytes) } catch { throw .failed(error) }
    }
}

// MARK: - Money

extension BlockMachine {
    mutating func account(_ address: Address) throws(Abort) -> Account {
        try load(at: StateKey.account(address)) ?? Account()
    }

    mutating func credit(_ address: Address, _ amount: Amount) throws(Abort) {
        guard amount > .zero else { return }
        var account = try account(address)
        account.balance = try account.balance.plus(amount)
        try store(account, at: StateKey.account(address))
    }

    mutating func debit(_ address: Address, _ amount: Amount) throws(Abort) {
        guard amount > .zero else { return }
        var account = try account(address)
        account.balance = try account.balance.minus(amount, or: .insufficientBalance)
        try store(account, at: StateKey.account(address))
    }

    mutating func creditTreasury(_ amount: Amount) throws(Abort) {
        guard amount > .zero else { return }
        var pools: Pools = try loadKnown(at: StateKey.pools)
        pools.treasury = try pools.treasury.plus(amount)
        try store(pools, at: StateKey.pools)
    }
}

// MARK: - Schedule and events

extension BlockMachine {
    /// At most so much work runs at one height; more moves to the next heights.
    static let dueLimit: UInt32 = 4_096

    func after(_ heights: UInt64) -> Height { Height(height.value + heights) }

    mutating func schedule(_ work: DueWork, at due: Height) throws(Abort) {
        var due = due > height ? due : height.next
        var count = try load(DueCount.self, at: StateKey.dueCount(due)) ?? DueCount(count: 0)
        while count.count >= Self.dueLimit {
            due = due.next
            count = try load(DueCount.self, at: StateKey.dueCount(due)) ?? DueCount(count: 0)
        }
        try store(work, at: StateKey.due(due, count.count))
        count.count += 1
        try store(count, at: StateKey.dueCount(due))
    }

    mutating func emit(_ kind: Event.Kind, _ attributes: [(Event.Name, Event.Value)]) {
        events.append(
            Event(
                kind: kind,
                transaction: transaction?.id,
                attributes: attributes.map { Event.Attribute(name: $0.0, value: $0.1) }
            )
        )
    }
}
