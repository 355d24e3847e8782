// From offers to a header that is believed.

import Ledger
import LightClient
import Primitives
import StateTree

extension StateSync {
    /// Takes the highest offer that has not been refuted, from the peer that failed least.
    mutating func choose() {
        guard case .collecting(let round) = phase else { return }
        let lowest = root?.height ?? configuration.checkpoint?.height ?? .genesis
        var best: (peer: PeerID, height: Height, failures: Int)?
        for peer in peers where peer.isConnected {
            let open = peer.offers.filter { height in
                !peer.refuted.contains(height) && height > lowest
            }
            guard let height = open.max() else { continue }
            if let best,
                (best.height, peer.failures) > (height, best.failures)
                    || (best.height == height && best.failures <= peer.failures)
            {
                continue
            }
            best = (peer.id, height, peer.failures)
        }
        if let best { return follow(best.peer, to: best.height) }
        guard round < configuration.offerRounds else {
            let hadOffers = peers.contains { !$0.refuted.isEmpty }
            return fail(hadOffers ? .offersExhausted : .noOffers)
        }
        phase = .collecting(round: round + 1)
        for peer in peers where peer.isConnected { ask(peer.id, .offers) }
        effects.append(.schedule(.choose, afterMilliseconds: configuration.chooseMilliseconds))
    }

    private mutating func follow(_ guide: PeerID, to height: Height) {
        guard let root else {
            guard let checkpoint = configuration.checkpoint else { return }
            phase = .anchoring(guide, height)
            ask(guide, .header(checkpoint.height))
            return
        }
        let walk = SkippingVerification(from: root, to: height, rules: configuration.rules)
        phase = .following(guide, height, walk)
        ask(guide, .header(height))
    }

    /// The checkpoint's block, if it is that.
    private mutating func anchor(_ block: LightBlock?, at goal: Height, of guide: PeerID) {
        guard let block, let checkpoint = configuration.checkpoint else { return abandon(goal) }
        do {
            root = try checkpoint.trust(block, rules: configuration.rules, now: now)
        } catch {
            if case .trustExpired = error { return fail(.trust(error)) }
            effects.append(.report(guide, .header(error)))
            return abandon(goal)
        }
        follow(guide, to: goal)
    }

    /// A header that the guide was asked for; nil when it has none.
    mutating func follow(_ block: LightBlock?, of peer: PeerID) {
        if case .anchoring(let guide, let goal) = phase, guide == peer {
            return anchor(block, at: goal, of: guide)
        }
        guard case .following(let guide, let goal, var walk) = phase, guide == peer else { return }
        guard let block else { return abandon(goal) }
        do { try walk.take(block, now: now) } catch {
            // A trust period that ran out is nobody's lie.
            if case .trustExpired = error { return fail(.trust(error)) }
            effects.append(.report(peer, .header(error)))
            return abandon(goal)
        }
        if let next = walk.next {
            phase = .following(guide, goal, walk)
            ask(guide, .header(next))
        } else if let target = walk.trace.last {
            beginComparison(target, walk.trace, guide: guide)
        }
    }

    /// Gives up this offer of the guide's, and goes on with the next.
    mutating func abandon(_ height: Height) {
        switch phase {
        case .following(let guide, _, _), .anchoring(let guide, _):
            if let place = place(of: guide) { peers[place].refuted.append(height) }
        case .assembling:
            for place in peers.indices { peers[place].refuted.append(height) }
        default: return
        }
        effects.append(.note(.abandoned(height)))
        phase = .collecting(round: 0)
        choose()
    }

    // MARK: - Witnesses

    private mutating func beginComparison(
        _ target: LightBlock,
        _ trace: [LightBlock],
        guide: PeerID
    ) {
        guard let root else { return }
        let witnesses = peers.filter { $0.isConnected && $0.id != guide }.map(\.id)
        var comparisons: [PeerID: WitnessComparison] = [:]
        for peer in witnesses {
            comparisons[peer] = WitnessComparison(
                root: root,
                trace: trace,
                rules: configuration.rules
            )
        }
        phase = .comparing(target, trace, comparisons)
        for peer in witnesses { ask(peer, .witness(target.height)) }
        endComparison()
    }

    /// - Parameter block: nil when the witness does not answer or has no such block, which says
    ///   nothing about the header.
    mutating func compare(_ block: LightBlock?, of peer: PeerID) {
        guard case .comparing(let target, let trace, var comparisons) = phase,
            var comparison = comparisons[peer]
        else { return }
        comparisons[peer] = nil
        if let block {
            do {
                try comparison.take(block, now: now)
                if let conflict = comparison.conflict { return fail(.conflict(conflict)) }
                if let next = comparison.next {
                    comparisons[peer] = comparison
                    phase = .comparing(target, trace, comparisons)
                    ask(peer, .witness(next))
                    return
                }
            } catch {
                effects.append(.report(peer, .header(error)))
                refute(target.height, of: peer)
            }
        }
        phase = .comparing(target, trace, comparisons)
        endComparison()
    }

    /// Its parts would be of another state.
    private mutating func refute(_ height: Height, of peer: PeerID) {
        if let place = place(of: peer) { peers[place].refuted.append(height) }
    }

    private mutating func endComparison() {
        guard case .comparing(let target, _, let comparisons) = phase, comparisons.isEmpty else {
            return
        }
        let assembly = TreeAssembly(
            root: target.header.stateRoot,
            version: target.height.value
        )
        phase = .assembling(target, assembly)
        effects.append(.note(.joining(target.height, peers: providers(target.height).count)))
        effects.append(.begin(target.height))
        requestParts()
    }
}
