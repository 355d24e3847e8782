// What a node's shell does: performs effects in order, and may die between any two of them.

import Consensus
import Cryptography
import Ledger
import Primitives
import Replica
import Voting

extension Simulation {
    /// Starts a node from its disk and connects it with all that run.
    mutating func start(_ number: Int) {
        guard nodes[number].replica == nil else { return }
        let node = nodes[number]
        nodes[number].life += 1
        nodes[number].replica = Replica(
            configuration: ReplicaConfiguration(
                record: genesis.record,
                validatorKey: node.validatorKey
            ),
            tip: node.disk.tip,
            store: node.disk
        )
        trace.note(time, number, 1, node.disk.tip.hash)
        let life = nodes[number].life
        give(.start(log: node.disk.storedLog), to: number)
        for other in nodes.indices
        where other != number && nodes[other].replica != nil && nodes[number].life == life {
            give(.connected(nodes[other].peer), to: number)
            give(.connected(nodes[number].peer), to: other)
        }
    }

    mutating func give(_ input: ReplicaInput, to number: Int) {
        guard nodes[number].replica != nil else { return }
        let now = SimulatedGenesis.start + time + nodes[number].skew
        guard let effects = nodes[number].replica?.step(input, now: now) else { return }
        var survived = effects.count
        let dies = healedAt == nil && random.happens(perMille: plan.crashPerMille)
        if dies { survived = random.index(below: effects.count + 1) }
        for effect in effects.prefix(survived) { perform(effect, of: number) }
        if dies { crash(number) }
    }

    private mutating func crash(_ number: Int) {
        counts.crashes += 1
        nodes[number].replica = nil
        nodes[number].life += 1
        let disk = nodes[number].disk
        disk.crash(keeping: random.index(below: disk.unsyncedCount + 1))
        trace.note(time, number, 2, disk.tip.hash)
        let peer = nodes[number].peer
        queue.add(.restart(number), at: time + random.number(plan.restartMilliseconds))
        for other in nodes.indices where nodes[other].replica != nil {
            queue.add(
                .input(node: other, life: nodes[other].life, .disconnected(peer)),
                at: time + 1
            )
        }
    }

    private mutating func perform(_ effect: ReplicaEffect, of number: Int) {
        switch effect {
        case .send(let message, let peer):
            if let other = nodes.firstIndex(where: { $0.peer == peer }) {
                send(message, from: number, to: other)
            }
        case .broadcast(let message, let excepted):
            for other in nodes.indices where other != number && nodes[other].peer != excepted {
                send(message, from: number, to: other)
            }
        case .schedule(let timer, let milliseconds):
            answer(.timer(timer), to: number, after: milliseconds)
        case .sign(let request):
            if let item = nodes[number].sign(request, chain: genesis.record.chain) {
                answer(.signed(item), to: number, after: 1)
            }
        case .persist(let entry, let sync): nodes[number].disk.append(entry, sync: sync)
        case .commit(let block): commit(block, by: number)
        case .reply, .note: break
        case .report(_, let misbehaviour):
            if !plan.hasTwin {
                monitor.violate("node \(number) blames a peer: \(misbehaviour)", at: time)
            }
        case .halt(let fault): monitor.violate("node \(number) halts: \(fault)", at: time)
        }
    }

    private mutating func commit(_ block: CommittedBlock, by number: Int) {
        let disk = nodes[number].disk
        monitor.see(block, by: number, before: disk.tip, at: time)
        disk.commit(block)
        trace.note(time, number, 3, block.tip.hash)
        counts.evidence += block.certified.block.evidence.count
        answer(.committed(block.height), to: number, after: 1)
    }

    private mutating func answer(_ input: ReplicaInput, to number: Int, after delay: UInt64) {
        queue.add(
            .input(node: number, life: nodes[number].life, input),
            at: time + max(1, delay)
        )
    }

    private mutating func send(_ message: ReplicaMessage, from: Int, to: Int) {
        let key = nodes[from].validatorKey
        monitor.see(message, set: nodes[from].disk.tip.validators, own: key, at: time)
        counts.messages += 1
        let copies = random.happens(perMille: plan.duplicatePerMille) ? 2 : 1
        for _ in 0..<copies where !random.happens(perMille: plan.lossPerMille) {
            queue.add(
                .deliver(to: to, from: from, message),
                at: time + random.number(plan.delayMilliseconds)
            )
        }
    }
}
