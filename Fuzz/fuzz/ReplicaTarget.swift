import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import Simulator
import Voting

/// A replica that is told what the fuzzer likes by three peers, of which one has a validator's key.
private struct Victim {
    let genesis: SimulatedGenesis
    let peers: [PeerID]
    let key: [UInt8]
    var replica: Replica<SimulatedDisk>
    let disk: SimulatedDisk
    var now: UInt64

    init() throws {
        genesis = try SimulatedGenesis(validators: 4, accounts: 5)
        disk = SimulatedDisk(genesis: genesis)
        peers = try (0..<3).map { number in
            PeerID(try SigningKey(seed: [UInt8](repeating: UInt8(number), count: 32)).publicKey)
        }
        key = genesis.validatorSeeds[3]
        now = genesis.genesis.time + 1_000
        replica = Replica(
            configuration: ReplicaConfiguration(
                record: genesis.record,
                validatorKeys: [genesis.genesis.validators[0].key]
            ),
            tip: genesis.tip,
            store: disk
        )
    }

    mutating func give(_ input: ReplicaInput) {
        for effect in replica.step(input, now: now) {
            if case .halt(let fault) = effect { preconditionFailure("halts: \(fault)") }
        }
    }

    /// A vote with a good signature whose fields the bytes choose.
    func vote(_ bytes: ArraySlice<UInt8>) -> SignedVote? {
        let fields = Array(bytes.prefix(5)) + [UInt8](repeating: 0, count: 5)
        guard let secret = try? SigningKey(seed: key),
            let index = genesis.tip.validators.index(of: secret.publicKey)
        else { return nil }
        var block = Digest.zero
        block[0] = fields[3]
        let vote = Vote(
            kind: fields[0] & 1 == 0 ? .prevote : .precommit,
            height: Height(UInt64(fields[1] & 3)),
            round: Round(UInt32(fields[2])),
            block: fields[4] & 1 == 0 ? nil : block,
            validator: index
        )
        let signature = secret.sign(vote.signBytes(chain: genesis.record.chain))
        return SignedVote(vote: vote, signature: signature)
    }
}

extension FuzzTarget {
    /// Steps of a tag, a length and as many bytes: a message, a signed vote, the clock, a timer.
    static func replicaTarget() throws -> FuzzTarget {
        let status = ReplicaStatus(
            committed: Height(9),
            round: .zero,
            hasProposal: true,
            salt: 1,
            prevotes: [3],
            precommits: [],
            lastPrevotes: [],
            lastPrecommits: []
        )
        let message = ReplicaMessage.status(status).borshBytes
        let seed = [0, UInt8(message.count)] + message + [4, 5, 0, 1, 0, 7, 1, 8, 1, 9, 12, 0]
        var begun = try Victim()
        begun.give(.start(log: []))
        for peer in begun.peers { begun.give(.connected(peer)) }
        let start = begun
        return FuzzTarget(name: "replica", seeds: [seed]) { bytes in
            var victim = start
            var rest = bytes[...]
            while let tag = rest.popFirst(), let length = rest.popFirst() {
                let body = rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
                let peer = victim.peers[Int(tag % 4) % 3]
                switch tag / 4 {
                case 0:
                    guard let message = try? ReplicaMessage(borsh: Array(body)) else { continue }
                    victim.give(.message(message, from: peer))
                case 1:
                    guard let vote = victim.vote(body) else { continue }
                    victim.give(.message(.votes([vote]), from: peer))
                case 2: victim.now &+= UInt64(length) * 100
                case 3: victim.give(.timer(tag & 1 == 0 ? .gossip : .heartbeat(Height(1))))
                case 4:
                    let kind = Timeout.Kind(rawValue: body.first ?? 1) ?? .propose
                    let round = victim.replica.consensus.round
                    let timeout = Timeout(kind: kind, height: Height(1), round: round)
                    victim.give(.timer(.consensus(timeout)))
                default: victim.give(.disconnected(peer))
                }
            }
        }
    }
}
