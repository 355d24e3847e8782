// What connections ask of the network: who may stay, whom they learn of, what they bring.

import Cryptography
import Logging
import NIOCore
import Primitives
import Synchronization

extension PeerNetwork: PeerConnectionOwner {
    /// Takes a connection whose peer has proved its key, or says why it may not stay.
    func established(_ link: PeerLink) throws(CloseReason) {
        let now = Self.now()
        guard !directory.withLock({ $0.bans.isBanned(link.peer, now: now) }) else {
            throw .banned
        }
        if link.isInitiator, let address = link.address {
            directory.withLock { $0.book.reached(address, key: link.peer, now: now) }
        }
        guard link.origin != .feeler else { throw .tried }
        let verdict: Result<[PeerLink], CloseReason> = state.withLock { state in
            guard !state.isStopping else { return .failure(.noRoom) }
            guard link.origin != .found || state.registry[link.peer] == nil else {
                return .failure(.duplicate)
            }
            var leaving: [PeerLink] = []
            if isGuest(link), state.registry[link.peer] == nil {
                guard let room = makeRoom(for: link, in: &state) else { return .failure(.noRoom) }
                leaving = room
            }
            switch state.registry.add(link) {
            case .refused: return .failure(.duplicate)
            case .added: break
            case .replaces(let old):
                report(.disconnected(link.peer))
                depart(old, from: &state)
                leaving.append(old)
            }
            report(.connected(link.peer))
            if isGuest(link) {
                state.guests.append(link)
                state.gate.arrive(link.address ?? .unknown)
            }
            return .success(leaving)
        }
        for old in try verdict.get() { old.close() }
    }

    /// Came by itself, and the operator has not named it.
    private func isGuest(_ link: PeerLink) -> Bool {
        link.origin == .inbound && !isReserved(link.peer)
    }

    /// Who has to go so that a guest can stay; nil when it cannot.
    private func makeRoom(for link: PeerLink, in state: inout State) -> [PeerLink]? {
        let host = link.address ?? .unknown
        guard state.gate.hasRoom(for: host) else { return nil }
        guard state.guests.count >= configuration.limits.inbound.total else { return [] }
        let guests = state.guests.map { $0.address ?? .unknown }
        guard let leaver = state.gate.leaver(among: guests, for: host) else { return nil }
        return [state.guests[leaver]]
    }

    private func depart(_ link: PeerLink, from state: inout State) {
        guard let place = state.guests.firstIndex(where: { $0 === link }) else { return }
        state.guests.remove(at: place)
        state.gate.leave(link.address ?? .unknown)
    }

    func inboundHandshakeEnded(from host: NetworkAddress) {
        state.withLock { $0.gate.endHandshake(host) }
    }

    func isReserved(_ peer: PublicKey) -> Bool { reserved.contains(peer) }

    func received(_ message: ReceivedMessage) {
        traffic.received(message.bytes.count, on: message.channel)
        report(.message(message))
    }

    func ended(_ link: PeerLink?, reason: CloseReason?) {
        if let reason { logger.debug("connection closed", metadata: ["reason": "\(reason)"]) }
        guard let link else { return }
        if case .badFrame(let error) = reason, error.isDeliberate {
            link.account.abandon()
            ban(link.peer, at: link.address)
        }
        if reason == .flooding {
            link.account.abandon()
            makeWait(link.peer)
        }
        state.withLock { state in
            depart(link, from: &state)
            guard state.registry.remove(link) else { return }
            report(.disconnected(link.peer))
        }
    }

    // MARK: Addresses

    var listeningPort: UInt16? {
        state.withLock { $0.listener?.localAddress?.port }.flatMap(UInt16.init(exactly:))
    }

    func listens(_ link: PeerLink, onPort port: UInt16) {
        guard let host = link.address, port > 0 else { return }
        let now = Self.now()
        directory.withLock {
            $0.book.add(host.at(port: port), key: link.peer, from: host, now: now)
        }
    }

    /// Only public addresses go to public peers: what is private means nothing elsewhere.
    func addresses(for link: PeerLink) -> [NetworkAddress] {
        let now = Self.now()
        let isPublic = link.address?.isPublic ?? true
        return directory.withLock { directory in
            var generator = SystemRandom()
            return directory.book.sample(Packet.addressLimit, now: now, using: &generator)
        }.filter { $0.isPublic || !isPublic }
    }

    func learned(_ addresses: [NetworkAddress], from link: PeerLink) {
        guard let teller = link.address else { return }
        let now = Self.now()
        directory.withLock { directory in
            for address in addresses { directory.book.add(address, from: teller, now: now) }
        }
    }
}

extension FrameError {
    /// Whether the sealed content itself is at fault. A length stands outside the seal, so that
    /// anybody on the way can have changed it.
    var isDeliberate: Bool {
        switch self {
        case .frameTooLong, .frameTooShort: false
        case .unknownKind, .malformed, .unasked, .messageTooLong, .outOfSequence: true
        }
    }
}
