// Whom to let in. Addresses are cheap to one who owns a network, so groups are limited as well; a
// full house makes room by parting with a peer of the group that has most.

import Primitives

/// Connections that peers opened, before and after their handshake, counted by address and group.
///
/// Invariant: the counts are those of the connections given to `arrive` and not yet to `leave`.
package struct InboundGate: Sendable {
    package struct Limits: Sendable, Equatable {
        package var pending = 128
        package var pendingOfHost = 24
        package var total = 64
        package var ofHost = 16
        package var ofGroup = 24

        package init() {}
    }

    private let limits: Limits
    private var pending = 0
    private var pendingOfHost: [NetworkAddress.Octets: Int] = [:]
    private var ofHost: [NetworkAddress.Octets: Int] = [:]
    private var ofGroup: [AddressGroup: Int] = [:]

    package init(limits: Limits) { self.limits = limits }

    /// Whether a new connection may begin its handshake.
    package mutating func admit(_ host: NetworkAddress) -> Bool {
        let count = pendingOfHost[host.octets] ?? 0
        guard pending < limits.pending, count < limits.pendingOfHost else { return false }
        pending += 1
        pendingOfHost[host.octets] = count + 1
        return true
    }

    /// The handshake of an admitted connection ended, well or not.
    package mutating func endHandshake(_ host: NetworkAddress) {
        pending -= 1
        Self.take(host.octets, from: &pendingOfHost)
    }

    /// Whether a stranger from there may stay beside those who are here.
    package func hasRoom(for host: NetworkAddress) -> Bool {
        (ofHost[host.octets] ?? 0) < limits.ofHost
            && (ofGroup[host.group] ?? 0) < limits.ofGroup
    }

    package mutating func arrive(_ host: NetworkAddress) {
        ofHost[host.octets, default: 0] += 1
        ofGroup[host.group, default: 0] += 1
    }

    package mutating func leave(_ host: NetworkAddress) {
        Self.take(host.octets, from: &ofHost)
        Self.take(host.group, from: &ofGroup)
    }

    /// Who makes room for a newcomer: of the group that has most here, whoever came last; nil when
    /// the newcomer's group would then have as many.
    ///
    /// - Parameter guests: those who may be parted with, in the order of their coming.
    package func leaver(among guests: [NetworkAddress], for newcomer: NetworkAddress) -> Int? {
        var chosen: (index: Int, count: Int)?
        for (index, guest) in guests.enumerated() {
            let count = ofGroup[guest.group] ?? 0
            if count >= chosen?.count ?? 0 { chosen = (index, count) }
        }
        guard let chosen, chosen.count > (ofGroup[newcomer.group] ?? 0) + 1 else { return nil }
        return chosen.index
    }

    private static func take<Key: Hashable>(_ key: Key, from counts: inout [Key: Int]) {
        guard let count = counts[key] else { return }
        counts[key] = count > 1 ? count - 1 : nil
    }
}
