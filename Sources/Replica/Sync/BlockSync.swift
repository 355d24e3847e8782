// Whom to ask for blocks. Everything that peers say about themselves is a claim: it decides whom
// to ask first, and a claim that is not kept is forgotten.

package import Primitives

/// At most one request is under way. A peer that does not deliver loses its claim and its turn,
/// so false claims (absurd, falling, flapping) cost a timeout each and never stop the others.
package struct BlockSync: Sendable {
    package struct Request: Sendable, Equatable {
        package let peer: PeerID
        package let first: Height
        package let count: UInt8
        /// Tells this request's timer from older ones.
        package let number: UInt64
    }

    private struct Peer: Sendable {
        let id: PeerID
        var claim: Height?
        /// Requests in a row that came to nothing.
        var failures: UInt64 = 0
        /// The number of the last request to it, so that equals take turns.
        var lastAsked: UInt64 = 0
    }

    /// Ascending by id.
    private var peers: [Peer] = []
    package private(set) var request: Request?
    private var next: Height?
    private var number: UInt64 = 0

    package init() {}

    /// Highest claim of anyone; nothing is decided by it.
    package var highestClaim: Height? { peers.compactMap(\.claim).max() }

    package mutating func connect(_ peer: PeerID) {
        guard index(peer) == nil else { return }
        let place = peers.firstIndex { $0.id > peer } ?? peers.count
        peers.insert(Peer(id: peer), at: place)
    }

    package mutating func disconnect(_ peer: PeerID) {
        peers.removeAll { $0.id == peer }
        if request?.peer == peer { request = nil }
    }

    /// The latest claim counts, also when it is lower than the one before.
    package mutating func note(claim: Height, of peer: PeerID) {
        guard let place = index(peer) else { return }
        peers[place].claim = claim
        if let request, request.peer == peer, claim < request.first { fail() }
    }

    /// The next request, when some peer claims at least `goal` and none is under way.
    ///
    /// - Parameter tip: the last committed height; the request begins after it.
    package mutating func ask(tip: Height, goal: Height) -> Request? {
        guard request == nil else { return nil }
        var best: Int?
        for place in peers.indices {
            guard let claim = peers[place].claim, claim >= goal, claim > tip else { continue }
            if let other = best, !precedes(peers[place], peers[other]) { continue }
            best = place
        }
        guard let best, let claim = peers[best].claim else { return nil }
        number += 1
        peers[best].lastAsked = number
        let wanted = min(claim.value - tip.value, UInt64(ReplicaMessage.blockRequestLimit))
        let made = Request(
            peer: peers[best].id,
            first: tip.next,
            count: UInt8(wanted),
            number: number
        )
        request = made
        next = made.first
        return made
    }

    /// Whether a block is the one that the request under way is waiting for.
    package mutating func accept(_ height: Height, from peer: PeerID) -> Bool {
        guard let request, request.peer == peer, height == next else { return false }
        if let place = index(peer) { peers[place].failures = 0 }
        next = height.next
        if height.value + 1 - request.first.value >= UInt64(request.count) { self.request = nil }
        return true
    }

    /// The timer of a request ran out. True when it was still under way.
    package mutating func expire(_ number: UInt64) -> Bool {
        guard request?.number == number else { return false }
        fail()
        return true
    }

    /// A block of the peer was not what its certificate says.
    package mutating func reject(_ peer: PeerID) {
        guard let place = index(peer) else { return }
        peers[place].claim = nil
        peers[place].failures += 1
        if request?.peer == peer { request = nil }
    }

    private mutating func fail() {
        guard let peer = request?.peer else { return }
        reject(peer)
    }

    private func precedes(_ left: Peer, _ right: Peer) -> Bool {
        (left.failures, left.lastAsked) < (right.failures, right.lastAsked)
    }

    private func index(_ peer: PeerID) -> Int? { peers.firstIndex { $0.id == peer } }
}
