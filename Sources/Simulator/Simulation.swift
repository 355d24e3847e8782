// Several replicas under a seeded clock, network and disk. Nothing here waits, and nothing is
// random but what follows from the seed, so a failure is replayed by its seed alone.

import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import StateTree
import Voting

/// Runs chaos for a while; then everything heals but what may stay faulty, and the rest has to
/// make progress.
package struct Simulation {
    indirect enum Happening {
        case input(node: Int, life: UInt64, ReplicaInput)
        case deliver(to: Int, from: Int, ReplicaMessage)
        case restart(Int)
        case fault(Fault)
        case end(Fault, node: Int)
        case heal
        case transfer
        case staking
    }

    /// What comes and goes; see `FaultPlan`.
    enum Fault: CaseIterable {
        case partition, fullDisk, flip, freeze
    }

    package static let chaosMilliseconds: UInt64 = 5_000
    package static let healMilliseconds: UInt64 = 60_000
    /// Heights that every surviving node has to commit after the healing.
    package static let progress: UInt64 = 3
    static let wildSkew: Int64 = 3_600_000

    let seed: UInt64
    package let genesis: SimulatedGenesis
    let workload: TransferWorkload
    let staking: StakingWorkload
    let misbehaver: Misbehaver?
    var plan: FaultPlan
    var random: SimulationRandom
    var nodes: [SimulatedNode] = []
    var queue = EventQueue<Happening>()
    var monitor: SafetyMonitor
    var trace = TraceHash()
    var time: UInt64 = 0
    var links: SimulatedLinks
    var healedAt: UInt64?
    var goal: UInt64 = .max
    /// Nodes that have to make progress after the healing.
    var survivors: [Int] = []
    var counts = SimulationCounts()
    /// Where and when each transfer that is not in a block yet was submitted.
    var waiting: [Digest: (node: Int, at: UInt64)] = [:]
    var finality: [UInt64] = []

    /// Draws everything from the seed.
    package init(seed: UInt64) throws {
        var random = SimulationRandom(seed: seed)
        let plan = FaultPlan.drawn(&random, misconduct: nil)
        try self.init(seed: seed, plan: plan, random: random)
    }

    /// Draws everything but what the last validator does.
    package init(seed: UInt64, misconduct: Misconduct?) throws {
        var random = SimulationRandom(seed: seed)
        let plan = FaultPlan.drawn(&random, misconduct: .some(misconduct))
        try self.init(seed: seed, plan: plan, random: random)
    }

    /// Draws only what the plan leaves open.
    package init(seed: UInt64, plan: FaultPlan) throws {
        try self.init(seed: seed, plan: plan, random: SimulationRandom(seed: seed))
    }

    private init(seed: UInt64, plan: FaultPlan, random: SimulationRandom) throws {
        self.seed = seed
        self.plan = plan
        self.random = random
        genesis = try SimulatedGenesis(validators: plan.validators, accounts: 5) { parameters in
            parameters.staking.maxValidators = UInt16(max(16, plan.validators))
            if plan.hasStaking { StakingWorkload.quicken(&parameters.staking) }
        }
        workload = try TransferWorkload(genesis)
        staking = try StakingWorkload(genesis, upgrades: plan.hasUpgrade)
        let chain = genesis.record.chain
        let last = plan.validators - 1
        let keys = zip(genesis.validatorSeeds, genesis.genesis.validators).map {
            ValidatorKey(seed: $0, publicKey: $1.key)
        }
        let faulty = plan.misconduct == nil ? nil : keys[last].publicKey
        let slack = UInt64(genesis.record.parameters.timing.clockSkewMilliseconds)
        monitor = SafetyMonitor(
            chain: chain,
            faulty: faulty,
            timeSlack: slack + plan.skewMilliseconds
        )
        misbehaver = plan.misconduct.map {
            Misbehaver(misconduct: $0, key: keys[last], chain: chain)
        }
        let more = plan.misconduct == .twin || plan.hasStaking
        let count = plan.validators + (more ? 1 : 0)
        links = SimulatedLinks(count: count)
        for number in 0..<count {
            let skew = Int64(self.random.number(0...2 * plan.skewMilliseconds))
            let peerSeed = [9, UInt8(number)] + genesis.accountSeeds[0].dropFirst(2)
            nodes.append(
                SimulatedNode(
                    peer: PeerID(try SigningKey(seed: peerSeed).publicKey),
                    keys: plan.hasStaking
                        ? staking.keys(of: number) : [keys[min(number, last)]],
                    disk: SimulatedDisk(genesis: genesis),
                    skew: skew - Int64(plan.skewMilliseconds),
                    misconduct: number >= last ? plan.misconduct : nil
                )
            )
        }
        if plan.hasWildClock { nodes[0].clock.skew = wildSkew() }
    }

    /// A node's disk, to look at or to take examples from.
    package func disk(of node: Int) -> SimulatedDisk { nodes[node].disk }

    mutating func wildSkew() -> Int64 { random.isOn ? Self.wildSkew : -Self.wildSkew }

    package mutating func run() -> SimulationReport {
        prepare()
        while let (at, happening) = queue.next() {
            time = at
            counts.events += 1
            happen(happening)
            if let healedAt {
                if survivors.allSatisfy({ nodes[$0].disk.tip.height.value >= goal }) { break }
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
            counts: counts,
            finality: finality
        )
    }

    private mutating func prepare() {
        for number in nodes.indices { queue.add(.restart(number), at: random.number(0...50)) }
        for at in stride(from: UInt64(200), to: Self.chaosMilliseconds, by: 500) {
            queue.add(.transfer, at: at + random.number(0...400))
        }
        if plan.hasStaking {
            for at in stride(from: UInt64(100), to: Self.chaosMilliseconds, by: 250) {
                queue.add(.staking, at: at + random.number(0...200))
            }
        }
        for fault in Fault.allCases { comeAgain(fault, after: time) }
        queue.add(.heal, at: Self.chaosMilliseconds)
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .input(let node, let life, let input):
            guard nodes[node].life == life, !waits(node, happening) else { return }
            give(input, to: node)
        case .deliver(let to, let from, let message):
            guard links.carries(from: from, to: to), nodes[to].replica != nil,
                !waits(to, happening)
            else { return }
            trace.note(time, to, message)
            give(.message(message, from: nodes[from].peer), to: to)
        case .restart(let node): start(node)
        case .fault(let fault): begin(fault)
        case .end(let fault, let node): end(fault, node)
        case .heal: heal()
        case .transfer: transfer()
        case .staking: changeStake()
        }
    }

    /// Puts off what reaches a node that waits for its disk.
    private mutating func waits(_ number: Int, _ happening: Happening) -> Bool {
        guard time < nodes[number].busyUntil else { return false }
        queue.add(happening, at: nodes[number].busyUntil)
        return true
    }

    private mutating func transfer() {
        submit { workload, _, _, random, nonce in workload.next(&random, nonce: nonce) }
    }

    private mutating func changeStake() {
        submit { _, staking, disk, random, nonce in staking.next(&random, disk, nonce: nonce) }
    }

    /// Gives a node a transaction that is made of what it knows.
    private mutating func submit(
        _ make: (
            TransferWorkload, StakingWorkload, SimulatedDisk, inout SimulationRandom,
            (Address) -> UInt64
        ) -> SignedTransaction?
    ) {
        let number = random.index(below: nodes.count)
        guard let replica = nodes[number].replica else { return }
        let disk = nodes[number].disk
        let transaction = make(workload, staking, disk, &random) { address in
            if let pending = replica.mempool.nextNonce(of: address) { return pending }
            let bytes = disk.values(prefix: StateKey.account(address)).first ?? []
            return (try? Account(borsh: bytes))?.nonce ?? 0
        }
        guard let transaction else { return }
        counts.transfers += 1
        monitor.submit(transaction)
        if healedAt == nil { waiting[transaction.id] = (number, time) }
        give(.submit(transaction, SubmissionID(UInt64(counts.transfers))), to: number)
    }
}
