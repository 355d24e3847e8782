// Who is not spoken to for a while. Only what no honest node could send leads here: slowness, silence
// and disagreement never do.

package import Primitives

/// Peers that proved their bad faith. Keys cost nothing, so several banned keys of one address ban
/// the address as well, unless it is one of this machine or a private network, where honest nodes
/// would suffer for others.
///
/// Invariant: at most `limit` keys and `limit` addresses; the ban that ends first makes room.
package struct BanList: Sendable, Equatable {
    package static let limit = 1_024
    /// Banned keys after which their address is banned.
    static let keysOfAddress: UInt32 = 3
    static let firstBan: UInt64 = 3_600_000
    /// For what may be a mistake, and for a peer that the operator has named.
    static let wait: UInt64 = 60_000
    static let longestBan: UInt64 = 7 * 86_400_000

    struct Ban: Sendable, Equatable {
        var until: UInt64
        /// How often; each time lasts twice as long.
        var count: UInt32

        func isOn(_ now: UInt64) -> Bool { now < until }
    }

    private(set) var keys: [PublicKey: Ban] = [:]
    private(set) var hosts: [NetworkAddress.Octets: Ban] = [:]

    package init() {}

    package func isBanned(_ key: PublicKey, now: UInt64) -> Bool { keys[key]?.isOn(now) ?? false }

    package func isBanned(host: NetworkAddress, now: UInt64) -> Bool {
        guard let ban = hosts[host.octets] else { return false }
        return ban.count >= Self.keysOfAddress && ban.isOn(now)
    }

    package mutating func ban(
        _ key: PublicKey,
        at host: NetworkAddress?,
        isReserved: Bool,
        now: UInt64
    ) {
        guard !isReserved else { return makeWait(key, now: now) }
        Self.add(key, to: &keys, now: now)
        if let host, host.isPublic { Self.add(host.octets, to: &hosts, now: now) }
    }

    /// Refuses the peer for a minute, and holds nothing against it afterwards.
    package mutating func makeWait(_ key: PublicKey, now: UInt64) {
        Self.set(Ban(until: now + Self.wait, count: keys[key]?.count ?? 0), of: key, in: &keys)
    }

    private static func add<Key: Hashable & Comparable>(
        _ key: Key,
        to bans: inout [Key: Ban],
        now: UInt64
    ) {
        var ban = bans[key] ?? Ban(until: 0, count: 0)
        let length = min(firstBan << UInt64(min(ban.count, 8)), longestBan)
        ban.count = min(ban.count, 1_000) + 1
        ban.until = max(ban.until, now + length)
        set(ban, of: key, in: &bans)
    }

    private static func set<Key: Hashable & Comparable>(
        _ ban: Ban,
        of key: Key,
        in bans: inout [Key: Ban]
    ) {
        if bans[key] == nil, bans.count >= limit {
            // The key breaks ties, so that the order of the dictionary decides nothing.
            let first = bans.min { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
            if let first { bans[first.key] = nil }
        }
        bans[key] = ban
    }
}

extension BanList: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeLength(keys.count)
        for (key, ban) in keys.sorted(by: { $0.key < $1.key }) {
            writer.write(key)
            writer.write(ban.until)
            writer.write(ban.count)
        }
        writer.writeLength(hosts.count)
        for (host, ban) in hosts.sorted(by: { $0.key < $1.key }) {
            writer.write(host)
            writer.write(ban.until)
            writer.write(ban.count)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        for _ in 0..<(try reader.readLength(limit: Self.limit)) {
            keys[try PublicKey(from: &reader)] = try Ban(from: &reader)
        }
        for _ in 0..<(try reader.readLength(limit: Self.limit)) {
            hosts[try NetworkAddress.Octets(from: &reader)] = try Ban(from: &reader)
        }
    }
}

extension BanList.Ban: BorshDecodable {
    init(from reader: inout BorshReader) throws(BorshError) {
        until = try reader.readUInt64()
        count = try reader.readUInt32()
    }
}
