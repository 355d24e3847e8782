// The replica and everything that its effects touch, as one value that one thread at a time uses.

import Ledger
import Logging
import Primitives
import Replica
import Storage
import Voting

/// Drives a replica: an input in, its effects performed in order, their answers fed back, until
/// nothing is left to do.
struct ReplicaEngine: ~Copyable {
    private(set) var replica: Replica<ChainReader>
    private let database: Database
    private var signer: ValidatorSigner?
    private let outlets: RunnerOutlets
    /// Called between two blocks, when the database shows the one that it names.
    private let afterCommit: @Sendable (Height) -> Void
    private let logger: Logger
    private(set) var fault: NodeFault?
    /// Whether several blocks are being fetched from a peer.
    private(set) var isSynchronising = false

    init(
        replica: consuming Replica<ChainReader>,
        database: Database,
        signer: consuming ValidatorSigner?,
        outlets: RunnerOutlets,
        afterCommit: @escaping @Sendable (Height) -> Void,
        logger: Logger
    ) {
        self.replica = replica
        self.database = database
        self.signer = signer
        self.outlets = outlets
        self.afterCommit = afterCommit
        self.logger = logger
    }

    /// Does nothing once there is a fault.
    mutating func take(_ input: ReplicaInput, now: UInt64) {
        var waiting = [input]
        while let next = waiting.first, fault == nil {
            waiting.removeFirst()
            do {
                for effect in replica.step(next, now: now) {
                    if let answer = try perform(effect) { waiting.append(answer) }
                }
            } catch {
                fault = error
                logger.critical("stopped", metadata: ["fault": "\(error)"])
            }
        }
    }

    /// Shows the replica between two steps; nil after a fault.
    borrowing func inspect<Value>(
        _ body: (borrowing Replica<ChainReader>, _ isSynchronising: Bool) -> Value
    ) -> Value? {
        fault == nil ? body(replica, isSynchronising) : nil
    }

    private mutating func perform(_ effect: ReplicaEffect) throws(NodeFault) -> ReplicaInput? {
        switch effect {
        case .send(let message, let peer): outlets.send(message, to: peer)
        case .broadcast(let message, let except): outlets.broadcast(message, except: except)
        case .schedule(let timer, let delay): outlets.schedule(timer, after: delay)
        case .sign(let request, let key): return try sign(request, with: key)
        case .persist(let entry, let sync):
            do { try database.append(entry, sync: sync) } catch { throw .storage(error) }
            if sync { try confirm(entry) }
        case .commit(let committed):
            do { try database.commit(committed) } catch { throw .storage(error) }
            afterCommit(committed.height)
            outlets.committed(committed.height)
            return .committed(committed.height)
        case .reply(let id, let verdict): outlets.reply(id, verdict)
        case .report(let peer, let misbehaviour): outlets.report(peer, misbehaviour)
        case .note(let note): log(note)
        case .halt(let fault): throw .replica(fault)
        }
        return nil
    }

    /// A contradiction is refused and the node goes on without that vote; a record that cannot be
    /// written stops it.
    private mutating func sign(
        _ request: SignRequest,
        with key: PublicKey
    ) throws(NodeFault) -> ReplicaInput? {
        do throws(SignGuardError) {
            guard let item = try signer?.sign(request, with: key) else { return nil }
            return .signed(item)
        } catch {
            switch error {
            case .goesBack, .conflicts, .forgotten, .signer:
                logger.error("a signature was refused", metadata: ["reason": "\(error)"])
                return nil
            default: throw .signing(error)
            }
        }
    }

    /// A signer process that cannot be told is no reason to stop: its record then says less than it
    /// could, never more.
    private mutating func confirm(_ entry: WALEntry) throws(NodeFault) {
        do throws(SignGuardError) { try signer?.confirm(entry) } catch {
            guard case .signer = error else { throw .signing(error) }
            logger.warning("the signer was not told", metadata: ["reason": "\(error)"])
        }
    }

    private mutating func log(_ note: ReplicaNote) {
        switch note {
        case .decided(let height, let round, let hash):
            isSynchronising = false
            logger.info(
                "block",
                metadata: [
                    "height": "\(height.value)", "round": "\(round.value)", "hash": "\(hash)",
                ]
            )
        case .syncing(let from, let to):
            isSynchronising = to.value > from.value
            logger.debug(
                "block sync",
                metadata: ["from": "\(from.value)", "to": "\(to.value)"]
            )
        case .equivocation(let height, let validator):
            logger.warning(
                "a validator voted twice",
                metadata: ["height": "\(height.value)", "validator": "\(validator.value)"]
            )
        case .upgradeNeeded(let version, let height):
            logger.warning(
                "this program does not know the protocol version that comes: upgrade it",
                metadata: ["version": "\(version)", "height": "\(height.value)"]
            )
        case .rejected(let hash, let why):
            logger.warning("a block was rejected", metadata: ["hash": "\(hash)", "why": "\(why)"])
        case .unreadableBlock(let height):
            logger.error(
                "a stored block is damaged: restore it from a backup or a peer",
                metadata: ["height": "\(height.value)"]
            )
        case .entered(let height, let round):
            logger.debug(
                "round",
                metadata: ["height": "\(height.value)", "round": "\(round.value)"]
            )
        case .proposed(let height, let round, let hash):
            logger.debug(
                "proposed",
                metadata: [
                    "height": "\(height.value)", "round": "\(round.value)", "hash": "\(hash)",
                ]
            )
        }
    }
}
