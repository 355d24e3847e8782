// Faults that come and go, and the end of all that can end.

import Primitives
import Replica

extension Simulation {
    private func recurrence(of fault: Fault) -> Recurrence? {
        switch fault {
        case .partition: plan.partitions
        case .fullDisk: plan.fullDisks
        case .flip: plan.flips
        case .freeze: plan.freezes
        }
    }

    mutating func comeAgain(_ fault: Fault, after time: UInt64) {
        guard let recurrence = recurrence(of: fault) else { return }
        queue.add(.fault(fault), at: time + random.number(recurrence.pause))
    }

    mutating func begin(_ fault: Fault) {
        guard healedAt == nil, let recurrence = recurrence(of: fault) else { return }
        let node = random.index(below: nodes.count)
        let length = random.number(recurrence.length)
        switch fault {
        case .partition: links.tear(&random)
        case .fullDisk: nodes[node].disk.isFull = true
        case .flip: if nodes[0].disk.flip(&random) { counts.flips += 1 }
        case .freeze: nodes[node].clock.freeze(at: time)
        }
        queue.add(.end(fault, node: node), at: time + length)
        comeAgain(fault, after: time + length)
    }

    mutating func end(_ fault: Fault, _ node: Int) {
        switch fault {
        case .partition: if healedAt == nil { links.heal() }
        case .fullDisk: nodes[node].disk.isFull = false
        case .flip: break
        case .freeze: nodes[node].clock.thaw()
        }
    }

    /// From here on only the casualties and the misbehaving validator stay faulty.
    mutating func heal() {
        let old = plan
        let casualty = old.casualty
        plan = FaultPlan(validators: old.validators)
        plan.misconduct = old.misconduct
        (plan.hasStaking, plan.hasUpgrade) = (old.hasStaking, old.hasUpgrade)
        plan.delayMilliseconds = 1...20
        links.heal()
        healedAt = time
        for node in nodes {
            node.disk.isFull = false
            node.clock.thaw()
        }
        if abs(nodes[0].clock.skew) == Self.wildSkew { nodes[0].clock.skew = 0 }
        survivors = nodes.indices.filter {
            nodes[$0].misconduct == nil || nodes[$0].misconduct == .twin
        }
        if plan.hasUpgrade { survivors.removeAll { $0 == 0 } }
        if let casualty { strike(casualty) }
        for number in nodes.indices where nodes[number].replica == nil { start(number) }
        goal = (nodes.map { $0.disk.tip.height.value }.max() ?? 0) + Self.progress
    }

    /// A proven fault takes its validator out of the set, so one that misbehaves leaves room for
    /// one less of the others in what remains.
    private mutating func strike(_ casualty: Casualty) {
        let isFaulty = plan.misconduct != nil
        let members = plan.validators - (isFaulty ? 1 : 0)
        let room = (members - 1) / 3 - (isFaulty ? 1 : 0)
        guard room > 0 else { return }
        for number in 1...room {
            survivors.removeAll { $0 == number }
            switch casualty {
            case .dead: kill(number)
            case .deaf: links.deafen(number)
            case .mute: links.mute(number)
            case .wildClock: nodes[number].clock.skew = wildSkew()
            }
        }
    }
}
