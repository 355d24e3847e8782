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
        let node = nodes[number]
        guard node.replica == nil, !node.isDead else { return }
        node.life += 1
        node.busyUntil = 0
        node.replica = Replica(
            configuration: ReplicaConfiguration(
                record: genesis.record,
                validatorKeys: node.keys.map(\.publicKey),
                latestVersion: plan.hasUpgrade && number > 0 ? 2 : BlockHeader.latestVersion
            ),
            tip: node.disk.tip,
            store: node.disk
        )
        trace.note(time, number, 1, node.disk.tip.hash)
        let life = node.life
        give(.start(log: node.disk.openLog()), to: number)
        for other in nodes.indices
        where other != number && nodes[other].replica != nil && node.life == life {
            give(.connected(nodes[other].peer), to: number)
            give(.connected(node.peer), to: other)
        }
    }

    /// Gives a node its next input. The node may die between any two of the effects that follow,
    /// and does at the first write to a full disk.
    mutating func give(_ input: ReplicaInput, to number: Int) {
        let node = nodes[number]
        guard let effects = node.replica?.step(input, now: node.clock.now(time)) else { return }
        var survived = effects.count
        var dies = healedAt == nil && random.happens(perMille: plan.crashPerMille)
        if dies { survived = random.index(below: effects.count + 1) }
        var delay: UInt64 = 0
        for effect in effects.prefix(survived) {
            if node.disk.isFull, effect.isWrite {
                counts.refusedWrites += 1
                dies = true
                break
            }
            if effect.isSynchronised { delay += random.number(plan.syncMilliseconds) }
            perform(effect, of: number, after: delay)
        }
        node.busyUntil = time + delay
        if dies { crash(number) }
    }

    private mutating func crash(_ number: Int) {
        counts.crashes += 1
        let node = nodes[number]
        node.disk.crash(&random, tears: plan.tearsTail)
        if node.misconduct == .amnesiac { node.disk.forget() }
        kill(number)
        // A disk that is still full stops the node again at once, so it is given time.
        queue.add(.restart(number), at: time + 50 + random.number(plan.restartMilliseconds))
        node.isDead = false
    }

    /// Ends a node's process for good.
    mutating func kill(_ number: Int) {
        let node = nodes[number]
        node.replica = nil
        node.life += 1
        node.isDead = true
        trace.note(time, number, 2, node.disk.tip.hash)
        for other in nodes.indices where nodes[other].replica != nil {
            queue.add(
                .input(node: other, life: nodes[other].life, .disconnected(node.peer)),
                at: time + 1
            )
        }
    }

    private mutating func perform(_ effect: ReplicaEffect, of number: Int, after delay: UInt64) {
        switch effect {
        case .send(let message, let peer):
            if let other = nodes.firstIndex(where: { $0.peer == peer }) {
                send(message, from: number, to: other, after: delay)
            }
        case .broadcast(let message, let excepted):
            for other in nodes.indices where other != number && nodes[other].peer != excepted {
                send(message, from: number, to: other, after: delay)
            }
        case .schedule(let timer, let milliseconds):
            answer(.timer(timer), to: number, after: delay + milliseconds)
        case .sign(let request, let key):
            let chain = genesis.record.chain
            if let item = nodes[number].sign(request, with: key, chain: chain) {
                answer(.signed(item), to: number, after: delay + 1)
            }
        case .persist(let entry, let sync): nodes[number].disk.append(entry, sync: sync)
        case .commit(let block): commit(block, by: number, after: delay)
        case .reply, .note: break
        case .report(let peer, let misbehaviour):
            if nodes.first(where: { $0.peer == peer })?.misconduct == nil {
                monitor.violate("node \(number) blames a peer: \(misbehaviour)", at: time)
            }
        case .halt(.unknownVersion(2, _)) where plan.hasUpgrade && number == 0:
            counts.stops += 1
            kill(number)
        case .halt(let fault):
            if nodes[number].misconduct == nil {
                monitor.violate("node \(number) halts: \(fault)", at: time)
            }
        }
    }

    private mutating func commit(_ block: CommittedBlock, by number: Int, after delay: UInt64) {
        let disk = nodes[number].disk
        monitor.see(block, by: number, before: disk.tip, at: time)
        disk.commit(block)
        for transaction in block.certified.block.transactions {
            guard let from = waiting[transaction.id], from.node == number else { continue }
            finality.append(time + delay - from.at)
            waiting[transaction.id] = nil
        }
        trace.note(time, number, 3, block.tip.hash)
        counts.evidence += block.certified.block.evidence.count
        counts.setChanges += block.events.count { $0.kind == .validatorsChanged }
        counts.jails += block.events.count { $0.kind == .jailed }
        counts.keyChanges += block.events.count { $0.kind == .keyInForce }
        answer(.committed(block.height), to: number, after: delay + 1)
    }

    private mutating func answer(_ input: ReplicaInput, to number: Int, after delay: UInt64) {
        queue.add(
            .input(node: number, life: nodes[number].life, input),
            at: time + max(1, delay)
        )
    }

    private mutating func send(
        _ message: ReplicaMessage,
        from: Int,
        to: Int,
        after delay: UInt64
    ) {
        let set = nodes[from].disk.tip.validators
        let key = nodes[from].key(in: set)
        monitor.see(message, tip: nodes[from].disk.tip, own: key, at: time)
        var sent = [message]
        if nodes[from].misconduct != nil, let misbehaver {
            sent = misbehaver.distort(message, own: set.index(of: key), to: to, &random)
        }
        for message in sent { transmit(message, from: from, to: to, after: delay) }
    }

    private mutating func transmit(
        _ message: ReplicaMessage,
        from: Int,
        to: Int,
        after delay: UInt64
    ) {
        counts.messages += 1
        let copies = random.happens(perMille: plan.duplicatePerMille) ? 2 : 1
        for _ in 0..<copies where !random.happens(perMille: plan.lossPerMille) {
            var travel = random.number(plan.delayMilliseconds)
            if random.happens(perMille: plan.stragglerPerMille) { travel *= 20 }
            queue.add(.deliver(to: to, from: from, message), at: time + delay + travel)
        }
    }
}

extension ReplicaEffect {
    /// Needs room on the disk. Signing writes the guard record.
    fileprivate var isWrite: Bool {
        switch self {
        case .persist, .commit, .sign(.vote, _), .sign(.proposal, _): true
        default: false
        }
    }

    /// Waits for the disk.
    fileprivate var isSynchronised: Bool {
        switch self {
        case .persist(_, let sync): sync
        case .commit, .sign(.vote, _), .sign(.proposal, _): true
        default: false
        }
    }
}
