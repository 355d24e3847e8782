import Cryptography
import Ledger
import LightClient
import Primitives
import Replica
import StateTree
import Testing
import Voting

/// A state of some hundred entries at height 20 of a chain of headers, peers that serve it honestly
/// or not, and a node that joins. Time is the scene's; every message takes ten milliseconds.
final class SnapshotScene {
    enum Behaviour {
        case honest
        /// Gives values that were changed.
        case wrongParts
        /// Leaves entries out.
        case gaps
        /// Offers, and never answers anything else.
        case silent
        /// Shows headers signed by keys of its own.
        case inventedHeaders
        /// Offers a height that nobody has.
        case absurdOffer
        /// Answers after so many milliseconds.
        case slow(UInt64)
        /// Has headers but no snapshot.
        case plain
        /// Shows another header of the snapshot's height, signed by the chain's validators.
        case forked
    }

    static let height: UInt64 = 20
    let chain = ChainID("snapshot-test")
    let start: UInt64 = 1_700_000_000_000
    let entries: [TreePart.Entry]
    let tree: MemoryNodeStore
    let stateRoot: Digest
    private(set) var blocks: [LightBlock] = []
    private(set) var fork: LightBlock?
    let behaviours: [Behaviour]
    var sync: StateSync
    var clock: UInt64
    private var queue: [(due: UInt64, input: StateSyncInput)] = []

    // What came out.
    var written: [TreePart.Entry] = []
    var nodes: [NodeKey: TreeNode] = [:]
    var reports: [(PeerID, StateSyncFault)] = []
    var begun: [Height] = []
    var finished: LightBlock?
    var failure: StateSyncFailure?
    var requests = 0

    init(
        _ behaviours: [Behaviour],
        deadline: UInt64 = 60_000,
        age: UInt64 = 60_000,
        checkpoint: UInt64? = nil
    ) throws {
        self.behaviours = behaviours
        let all = (0..<400).map { number in
            TreePart.Entry(key: Array("entry \(number)".utf8), value: Array("value \(number)".utf8))
        }
        entries = all.sorted { TreeHash.key($0.key) < TreeHash.key($1.key) }
        var store = MemoryNodeStore()
        let update = try StateTree.apply(
            all.map { (key: $0.key, value: $0.value) },
            at: nil,
            to: Self.height,
            in: store
        )
        store.insert(update)
        tree = store
        stateRoot = update.root
        clock = start + age
        var blocks: [LightBlock] = []
        for height in 1...Self.height {
            blocks.append(
                try Self.block(
                    height,
                    chain,
                    start,
                    blocks.last,
                    height == Self.height ? update.root : .zero
                )
            )
        }
        self.blocks = blocks
        fork = try Self.block(Self.height, chain, start, blocks[18], .zero, parentSalt: true)
        var configuration = StateSyncConfiguration(
            root: TrustedHeader(blocks[0]),
            rules: LightClientRules(chain: try #require(chain)),
            deadlineMilliseconds: deadline,
            answerMilliseconds: 2_000
        )
        configuration.checkpoint = checkpoint.map {
            let block = blocks[Int($0) - 1]
            return Checkpoint(height: block.height, hash: block.header.hash)
        }
        sync = StateSync(configuration: configuration)
        for number in behaviours.indices { give(.connected(try Self.peer(number)), after: 0) }
    }

    static func peer(_ number: Int) throws -> PeerID {
        PeerID(try SigningKey(seed: [UInt8](repeating: UInt8(number + 50), count: 32)).publicKey)
    }

    static func block(
        _ height: UInt64,
        _ chain: ChainID?,
        _ start: UInt64,
        _ parent: LightBlock?,
        _ root: Digest,
        seeds: [UInt8] = [1, 2, 3, 4],
        parentSalt: Bool = false
    ) throws -> LightBlock {
        let keys = try seeds.map {
            try SigningKey(seed: [UInt8](repeating: $0, count: 32)).publicKey
        }
        let set = try ValidatorSet(
            try zip(keys, seeds).map { key, seed in
                let address = try #require(Address([UInt8](repeating: seed, count: 20)))
                return Validator(address: address, key: key, power: 1)
            }
        )
        let header = BlockHeader(
            chain: try #require(chain),
            height: Height(height),
            time: start + height,
            parent: parent?.header.hash ?? .zero,
            transactionsRoot: parentSalt ? root : .zero,
            stateRoot: root,
            receiptsRoot: .zero,
            validatorsHash: set.hash,
            nextValidatorsHash: set.hash,
            lastCommitHash: .zero,
            evidenceRoot: .zero,
            proposer: set.validators[0].key,
            vrfProof: .zero,
            beacon: .zero
        )
        var signatures: [CommitCertificate.Entry] = []
        for seed in seeds {
            let key = try SigningKey(seed: [UInt8](repeating: seed, count: 32))
            let index = try #require(set.index(of: key.publicKey))
            let vote = Vote(
                kind: .precommit,
                height: header.height,
                round: .zero,
                block: header.hash,
                validator: index
            )
            let signature = key.sign(vote.signBytes(chain: header.chain))
            signatures.append(CommitCertificate.Entry(validator: index, signature: signature))
        }
        let certificate = CommitCertificate(
            height: header.height,
            round: .zero,
            block: header.hash,
            signatures: signatures
        )
        return LightBlock(header: header, certificate: certificate, validators: set)
    }

    func give(_ input: StateSyncInput, after delay: UInt64) {
        queue.append((clock + delay, input))
    }

    /// Lets time pass until the join is over or nothing happens any more.
    func run() throws {
        while finished == nil, failure == nil, !queue.isEmpty {
            let next = queue.indices.min { queue[$0].due < queue[$1].due } ?? 0
            let (due, input) = queue.remove(at: next)
            clock = max(clock, due)
            for effect in sync.step(input, now: clock) { try perform(effect) }
        }
    }

    private func perform(_ effect: StateSyncEffect) throws {
        switch effect {
        case .send(let message, let peer): try answer(message, as: peer)
        case .schedule(let timer, let delay): give(.timer(timer), after: delay)
        case .begin(let height):
            begun.append(height)
            (written, nodes) = ([], [:])
        case .write(let entries, let new):
            written += entries
            for (key, node) in new { nodes[key] = node }
        case .report(let peer, let fault): reports.append((peer, fault))
        case .note: break
        case .finish(let block): finished = block
        case .fail(let failure): self.failure = failure
        }
    }

    private func answer(_ message: StateSyncMessage, as peer: PeerID) throws {
        requests += 1
        let message = try StateSyncMessage(borsh: message.borshBytes)
        guard let number = try behaviours.indices.first(where: { try Self.peer($0) == peer }) else {
            return
        }
        let behaviour = behaviours[number]
        var delay: UInt64 = 10
        if case .slow(let milliseconds) = behaviour { delay = milliseconds }
        guard let answer = try answer(message, behaviour) else { return }
        give(.message(try StateSyncMessage(borsh: answer.borshBytes), from: peer), after: delay)
    }

    private func answer(
        _ message: StateSyncMessage,
        _ behaviour: Behaviour
    ) throws -> StateSyncMessage? {
        switch (message, behaviour) {
        case (.wantOffers(let number), .absurdOffer):
            return .offers(number: number, [Height(1 << 40)])
        case (.wantOffers(let number), .plain): return .offers(number: number, [])
        case (.wantOffers(let number), _): return .offers(number: number, [Height(Self.height)])
        case (_, .silent): return nil
        case (.wantHeader(let number, let height), .inventedHeaders):
            return .header(
                number: number,
                try Self.block(height.value, chain, start, nil, stateRoot, seeds: [91, 92])
            )
        case (.wantHeader(let number, let height), .forked) where height.value == Self.height:
            return .header(number: number, fork)
        case (.wantHeader(let number, let height), _):
            let isThere = height.value <= Self.height
            return .header(number: number, isThere ? blocks[Int(height.value) - 1] : nil)
        case (.wantPart(let number, _, let path), _):
            return .part(number: number, try part(path, behaviour))
        default: return nil
        }
    }

    private func part(_ path: NibblePath, _ behaviour: Behaviour) throws -> TreePart? {
        if case .plain = behaviour { return nil }
        var own = entries.filter { path.isPrefix(of: TreeHash.key($0.key)) }
        guard own.count <= 30 else {
            return try StateTree.branches(below: path, at: Self.height, in: tree).map {
                .branches($0)
            }
        }
        switch behaviour {
        case .wrongParts: own = own.map { .init(key: $0.key, value: [0]) }
        case .gaps: own.removeLast()
        default: break
        }
        return .entries(own)
    }
}
