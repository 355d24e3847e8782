// The state of a header that is believed, part by part.

import LightClient
import Primitives
import StateTree

extension StateSync {
    /// Peers that may be asked for parts of this height, those with the fewest failures first.
    func providers(_ height: Height) -> [Peer] {
        peers.filter {
            $0.isConnected && $0.offers.contains(height) && !$0.refuted.contains(height)
                && $0.failures < Self.failureLimit
        }.sorted { ($0.failures, $0.asked, $0.id) < ($1.failures, $1.asked, $1.id) }
    }

    /// Keeps every provider busy. Gives the snapshot up when nobody is left to ask.
    mutating func requestParts() {
        guard case .assembling(let block, let assembly) = phase else { return }
        if assembly.isComplete {
            phase = .over
            return effects.append(.finish(block))
        }
        let underWay = asked.values.reduce(into: Set<NibblePath>()) { paths, asked in
            if case .part(let path) = asked.question { paths.insert(path) }
        }
        var waiting = assembly.wanted.reversed().filter { !underWay.contains($0) }[...]
        while let path = waiting.first {
            let free = providers(block.height).filter { $0.asked < Self.requestsPerPeer }
            guard let peer = free.first else { break }
            waiting = waiting.dropFirst()
            ask(peer.id, .part(path))
        }
        let isAsking = asked.values.contains { asked in
            if case .part = asked.question { return true }
            return false
        }
        if !isAsking { abandon(block.height) }
    }

    /// - Parameter part: nil when the peer says that it has no such snapshot (any more).
    mutating func take(_ part: TreePart?, at path: NibblePath, of peer: PeerID) {
        guard case .assembling(let block, var assembly) = phase, assembly.isWanted(path) else {
            return
        }
        guard let part else {
            if let place = place(of: peer) {
                peers[place].offers.removeAll { $0 == block.height }
            }
            return requestParts()
        }
        do {
            let nodes = try assembly.take(part, at: path)
            phase = .assembling(block, assembly)
            if case .entries(let entries) = part { effects.append(.write(entries, nodes)) }
            effects.append(
                .note(
                    .progress(entries: assembly.entryCount, openParts: assembly.wanted.count)
                )
            )
            if let place = place(of: peer) { peers[place].failures = 0 }
        } catch {
            effects.append(.report(peer, .part(error)))
            if let place = place(of: peer) { peers[place].refuted.append(block.height) }
        }
        requestParts()
    }
}
