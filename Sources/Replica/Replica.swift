// One node's part in the chain, without the node: consensus, execution, mempool and block sync as
// one synchronous machine. Inputs and the time go in, effects come out in the order in which they
// have to happen.

package import Consensus
import Ledger
import Primitives
import Voting

/// The life of a height: enter it, wait until there is something to put into a block (or the
/// heartbeat), run consensus, emit one `commit`, wait for `committed`, enter the next.
///
/// Invariants:
/// - a vote or proposal of ours leaves only after the log entry that records it, synced;
/// - between `commit` and `committed` nothing is executed, because the store is changing;
/// - everything kept for other peers' messages has a limit.
package struct Replica<Store: ReplicaStore> {
    let configuration: ReplicaConfiguration
    let store: Store

    package internal(set) var tip: ChainTip
    package internal(set) var consensus: Consensus
    package internal(set) var mempool: Mempool
    var verdicts = VerdictCache()
    var sync = BlockSync()

    // The height in progress.
    var work = HeightWork()
    /// Set between `commit` and `committed`.
    var committing: ChainTip?
    /// Messages for the next height, which arrive while we finish this one.
    var early = EarlyMessages()
    /// Blocks from sync that follow the tip, in order.
    var fetched: [FetchedBlock] = []
    /// Precommits for the last block beyond those that decided it.
    var late: LatePrecommits
    /// The votes of the last height, against which late ones are compared.
    var previous: VoteKeeper?
    var evidence = EvidencePool()
    var relay = TransactionRelay()
    var repairs = RepairBudget()
    /// The highest claim at the last gossip; see `considerSync`.
    var claimBefore: Height?

    var now: UInt64 = 0
    var effects: [ReplicaEffect] = []
    var isStarted = false
    var isHalted = false

    package init(configuration: ReplicaConfiguration, tip: ChainTip, store: Store) {
        self.configuration = configuration
        self.tip = tip
        self.store = store
        mempool = Mempool(limits: configuration.mempool)
        late = LatePrecommits(tip: tip)
        consensus = Consensus(
            height: tip.height.next,
            set: tip.validators,
            validator: configuration.validator(in: tip.validators)
        )
        previous = Self.votes(of: tip)
    }

    /// Takes one input.
    ///
    /// - Parameter now: milliseconds since 1970 by this node's clock; it may stand still or jump.
    package mutating func step(_ input: ReplicaInput, now: UInt64) -> [ReplicaEffect] {
        guard !isHalted else { return [] }
        self.now = now
        switch input {
        case .start(let log): start(log)
        case .connected(let peer): connect(peer)
        case .disconnected(let peer): disconnect(peer)
        case .message(let message, let peer): receive(message, from: peer)
        case .submit(let transaction, let id): submit(transaction, id)
        case .verified(let transactions):
            for transaction in transactions { verdicts.note(signed: transaction) }
        case .timer(let timer): fire(timer)
        case .signed(let item): take(item)
        case .committed(let height): finishCommit(height)
        }
        defer { effects = [] }
        return effects
    }

    private mutating func receive(_ message: ReplicaMessage, from peer: PeerID) {
        switch message {
        case .status(let status): receive(status, from: peer)
        case .proposal(let signed, let block): receive(signed, block, from: peer)
        case .votes(let votes): receive(votes, from: peer)
        case .announce(let ids): receiveAnnouncement(ids, from: peer)
        case .pull(let ids): receivePull(ids, from: peer)
        case .transactions(let transactions): receive(transactions, from: peer)
        case .requestBlocks(let first, let count): serveBlocks(first, count, to: peer)
        case .block(let certified): receive(certified, from: peer)
        }
    }

    private mutating func fire(_ timer: ReplicaTimer) {
        switch timer {
        case .consensus(let timeout): fire(timeout)
        case .heartbeat(let height):
            if height == consensus.height { beginHeight() }
        case .gossip: gossip()
        case .announce: announce()
        case .sync(let number):
            if sync.expire(number) { considerSync(patience: .none) }
        }
    }

    /// Stops for good: the store or the execution contradicts itself.
    mutating func halt(_ fault: ReplicaFault) {
        isHalted = true
        effects.append(.halt(fault))
    }

    mutating func emit(_ effect: ReplicaEffect) { effects.append(effect) }
}
