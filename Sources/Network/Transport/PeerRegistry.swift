import Primitives

/// Which connection to each peer is kept when there are two.
///
/// Both ends see the same two connections, possibly in a different order, and must keep the same
/// one: the connection dialled by the smaller key. Two connections dialled by the same side mean
/// that its process started anew, so the later one is kept.
struct PeerRegistry {
    enum Verdict {
        case added
        case replaces(PeerLink)
        case refused
    }

    private let ourKey: PublicKey
    private var links: [PublicKey: PeerLink] = [:]

    init(ourKey: PublicKey) { self.ourKey = ourKey }

    mutating func add(_ link: PeerLink) -> Verdict {
        guard let existing = links[link.peer] else {
            links[link.peer] = link
            return .added
        }
        let isDialledBySmaller = link.isInitiator == (ourKey < link.peer)
        guard existing.isInitiator == link.isInitiator || isDialledBySmaller else {
            return .refused
        }
        links[link.peer] = link
        return .replaces(existing)
    }

    /// False when the connection had been replaced.
    mutating func remove(_ link: PeerLink) -> Bool {
        guard links[link.peer] === link else { return false }
        links[link.peer] = nil
        return true
    }

    subscript(peer: PublicKey) -> PeerLink? { links[peer] }
    var all: [PeerLink] { links.values.sorted { $0.peer < $1.peer } }
}
