// Several replicas under a seeded clock, network and disk. Nothing here waits, and nothing is
// random but what follows from the seed, so a failure is replayed by its seed alone.

import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import StateTree
import Voting

/// Runs chaos for a while, then heals everything and demands progress.
package struct Simulation {
    indirect enum Happening {
        case input(node: Int, life: UInt64, ReplicaInput)
        case deliver(to: Int, from: Int, ReplicaMessage)
        case restart(Int)
        case split
        case join
        case heal
        case transfer
    }

    package static let validatorCount = 4
    package static let chaosMilliseconds: UInt64 = 5_000
    package static let healMilliseconds: UInt64 = 60_000
    /// Heights that every node has to commit after the healing.
    package static let progress: UInt64 = 3

    let seed: UInt64
    let genesis: SimulatedGenesis
    let workload: TransferWorkload
    var plan: FaultPlan
    var random: SimulationRandom
    var nodes: [SimulatedNode] = []
    var queue = EventQueue<Happening>()
    var monitor: SafetyMonitor
    var trace = TraceHash()
    var time: UInt64 = 0
    /// Which side of a split each node is on; all equal when there is none.
    var sides: [UInt8]
    var healedAt: UInt64?
    var goal: UInt64 = .max
    var counts = (events: 0, crashes: 0, messages: 0, transfers: 0, evidence: 0)

    /// - Parameter plan: what goes wrong; drawn from the seed when nil.
    package init(seed: UInt64, hasTwin: Bool = false, plan: FaultPlan? = nil) throws {
        self.seed = seed
        genesis = try SimulatedGenesis(validators: Self.validatorCount, accounts: 5)
        workload = try TransferWorkload(genesis)
        random = SimulationRandom(seed: seed)
        self.plan = plan ?? FaultPlan.drawn(&random, hasTwin: hasTwin)
        let twinKey = hasTwin ? genesis.genesis.validators.last?.key : nil
        monitor = SafetyMonitor(chain: genesis.record.chain, faulty: twinKey)
        let count = Self.validatorCount + (hasTwin ? 1 : 0)
        sides = [UInt8](repeating: 0, count: count)
        for number in 0..<count {
            let validator = min(number, Self.validatorCount - 1)
            let peerKey = try SigningKey(
                seed: [9, UInt8(number)] + genesis.accountSeeds[0].dropFirst(2)
            )
            nodes.append(
                SimulatedNode(
                    peer: PeerID(peerKey.publicKey),
                    keySeed: genesis.validatorSeeds[validator],
                    validatorKey: genesis.genesis.validators[validator].key,
                    disk: SimulatedDisk(genesis: genesis),
                    skew: self.plan.skewMilliseconds == 0
                        ? 0 : random.number(0...self.plan.skewMilliseconds),
                    isFaulty: hasTwin && validator == Self.validatorCount - 1
                )
            )
        }
    }

    package mutating func run() -> SimulationReport {
        prepare()
        while let (at, happening) = queue.next() {
            time = at
            counts.events += 1
            happen(happening)
            if let healedAt {
                if nodes.allSatisfy({ $0.disk.tip.height.value >= goal }) { break }
                if time > healedAt + Self.healMilliseconds {
                    let heights = nodes.map { $0.disk.tip.height.value }
                    monitor.violate("no progress to \(goal) after healing: \(heights)", at: time)
                    break
                }
            }
            if !monitor.violations.isEmpty { break }
        }
        for number in nodes.indices { monitor.audit(nodes[number].disk, node: number, at: time) }
        return SimulationReport(
            seed: seed,
            trace: trace.digest,
            violations: monitor.violations,
            heights: nodes.map { $0.disk.tip.height.value },
            events: counts.events,
            crashes: counts.crashes,
            messages: counts.messages,
            transfers: counts.transfers,
            evidence: counts.evidence
        )
    }

    private mutating func prepare() {
        for number in nodes.indices { queue.add(.restart(number), at: random.number(0...50)) }
        for at in stride(from: UInt64(200), to: Self.chaosMilliseconds, by: 500) {
            queue.add(.transfer, at: at + random.number(0...400))
        }
        if plan.partitionEveryMilliseconds > 0 {
            queue.add(.split, at: random.number(100...plan.partitionEveryMilliseconds))
        }
        queue.add(.heal, at: Self.chaosMilliseconds)
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .input(let node, let life, let input):
            if nodes[node].life == life { give(input, to: node) }
        case .deliver(let to, let from, let message):
            guard sides[to] == sides[from], nodes[to].replica != nil else { return }
            trace.note(time, to, message)
            give(.message(message, from: nodes[from].peer), to: to)
        case .restart(let node): start(node)
        case .split: split()
        case .join: sides = sides.map { _ in 0 }
        case .heal: heal()
        case .transfer: transfer()
        }
    }

    private mutating func heal() {
        let twin = plan.hasTwin
        plan = .calm
        plan.hasTwin = twin
        plan.delayMilliseconds = 1...20
        sides = sides.map { _ in 0 }
        healedAt = time
        for number in nodes.indices where nodes[number].replica == nil { start(number) }
        goal = (nodes.map { $0.disk.tip.height.value }.max() ?? 0) + Self.progress
    }

    /// Splits the nodes in two at random; messages between the sides are lost.
    private mutating func split() {
        guard healedAt == nil else { return }
        for number in sides.indices { sides[number] = UInt8(random.number(0...1)) }
        let length = random.number(plan.partitionMilliseconds)
        queue.add(.join, at: time + length)
        queue.add(.split, at: time + length + random.number(1...plan.partitionEveryMilliseconds))
    }

    private mutating func transfer() {
        let number = random.index(below: nodes.count)
        guard let replica = nodes[number].replica else { return }
        let disk = nodes[number].disk
        let transaction = workload.next(&random) { address in
            if let pending = replica.mempool.nextNonce(of: address) { return pending }
            let bytes = disk.values(prefix: StateKey.account(address)).first ?? []
            return (try? Account(borsh: bytes))?.nonce ?? 0
        }
        guard let transaction else { return }
        counts.transfers += 1
        give(.submit(transaction, SubmissionID(UInt64(counts.transfers))), to: number)
    }
}
