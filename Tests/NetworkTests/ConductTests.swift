import Peers
import Primitives
import Testing

@Suite("Conduct of peers")
struct ConductTests {
    private let now: UInt64 = 1_800_000_000_000
    private let hour: UInt64 = 3_600_000

    private func key(_ byte: UInt8) throws -> PublicKey {
        try #require(PublicKey([UInt8](repeating: byte, count: 32)))
    }

    private func host(_ a: UInt8, _ b: UInt8, _ c: UInt8 = 1) throws -> NetworkAddress {
        try #require(NetworkAddress(bytes: [a, b, c, 1], port: 9))
    }

    @Test("a ban ends, and the next one lasts twice as long")
    func duration() throws {
        var bans = BanList()
        let (key, host) = (try key(1), try host(50, 1))
        bans.ban(key, at: host, isReserved: false, now: now)
        #expect(bans.isBanned(key, now: now + hour - 1))
        #expect(!bans.isBanned(key, now: now + hour))
        bans.ban(key, at: host, isReserved: false, now: now + hour)
        #expect(bans.isBanned(key, now: now + 3 * hour - 1))
        #expect(!bans.isBanned(key, now: now + 3 * hour))
        let again = try BanList(borsh: bans.borshBytes)
        #expect(again == bans)
    }

    @Test("three banned keys ban their address, except one of this machine or a private network")
    func hosts() throws {
        var bans = BanList()
        let (stranger, neighbour) = (try host(50, 1), try host(127, 0))
        for number in UInt8(1)...3 {
            #expect(!bans.isBanned(host: stranger, now: now))
            bans.ban(try key(number), at: stranger, isReserved: false, now: now)
            bans.ban(try key(number + 10), at: neighbour, isReserved: false, now: now)
        }
        #expect(bans.isBanned(host: stranger.at(port: 77), now: now))
        #expect(!bans.isBanned(host: neighbour, now: now))
    }

    @Test("a peer that the operator has named waits a minute and no longer")
    func reserved() throws {
        var bans = BanList()
        for number in UInt8(1)...3 {
            bans.ban(try key(number), at: try host(50, 1), isReserved: true, now: now)
        }
        #expect(bans.isBanned(try key(1), now: now + 59_999))
        #expect(!bans.isBanned(try key(1), now: now + 60_000))
        #expect(!bans.isBanned(host: try host(50, 1), now: now))
    }

    @Test("the list is bounded, and the ban that ends first makes room")
    func bounded() throws {
        var bans = BanList()
        for number in 0..<(BanList.limit + 5) {
            var key = PublicKey.zero
            key[0] = UInt8(number % 256)
            key[1] = UInt8(number / 256)
            bans.ban(key, at: nil, isReserved: false, now: now + UInt64(number))
        }
        #expect(!bans.isBanned(PublicKey.zero, now: now))
        var last = PublicKey.zero
        last[0] = UInt8((BanList.limit + 4) % 256)
        last[1] = UInt8((BanList.limit + 4) / 256)
        #expect(bans.isBanned(last, now: now))
    }

    @Test("an honest pace is never noticed, a flood is slowed and cut within five seconds")
    func meter() {
        var honest = MessageMeter(now: 0)
        for second in UInt64(1)...3_600 {
            let verdict = honest.count(1_000, now: second * 1_000)
            #expect(verdict == .fine)
        }
        var flooding = MessageMeter(now: 0)
        var microseconds: UInt64 = 0
        var messages = 0
        loop: while microseconds < 60_000_000 {
            messages += 1
            switch flooding.count(1, now: microseconds / 1_000) {
            case .fine: continue
            case .slowDown(let pause): microseconds += pause
            case .flood: break loop
            }
        }
        #expect(microseconds < 5_000_000)
        #expect(messages < 24_000)
        // A machine that was frozen hears thousands of messages at once.
        var thawed = MessageMeter(now: 0)
        let verdict = thawed.count(3_999, now: 90_000)
        #expect(verdict == .fine)
    }

    @Test("one address gets a part of the handshakes and of the seats")
    func gate() throws {
        var limits = InboundGate.Limits()
        limits.pending = 10
        limits.pendingOfHost = 4
        limits.ofHost = 2
        limits.ofGroup = 3
        var gate = InboundGate(limits: limits)
        let attacker = try host(50, 1)
        let admitted = (0..<9).count { _ in gate.admit(attacker) }
        #expect(admitted == 4)
        let other = gate.admit(try host(60, 1))
        #expect(other)
        gate.endHandshake(attacker)
        let later = gate.admit(attacker.at(port: 4))
        #expect(later)
        gate.arrive(attacker)
        gate.arrive(attacker)
        #expect(!gate.hasRoom(for: attacker))
        #expect(gate.hasRoom(for: try host(50, 1, 2)))
        gate.arrive(try host(50, 1, 2))
        #expect(!gate.hasRoom(for: try host(50, 1, 3)))
        #expect(gate.hasRoom(for: try host(50, 2)))
        gate.leave(attacker)
        #expect(gate.hasRoom(for: attacker))
    }

    @Test("in a full house the largest group makes room for another, and never for its own")
    func leaver() throws {
        var gate = InboundGate(limits: InboundGate.Limits())
        let guests = try [host(50, 1), host(60, 1), host(50, 1, 2), host(50, 1, 3), host(70, 1)]
        for guest in guests { gate.arrive(guest) }
        #expect(gate.leaver(among: guests, for: try host(80, 1)) == 3)
        #expect(gate.leaver(among: guests, for: try host(60, 1, 2)) == 3)
        #expect(gate.leaver(among: guests, for: try host(50, 1, 4)) == nil)
        let lonely = try [host(60, 1), host(70, 1)]
        #expect(gate.leaver(among: lonely, for: try host(80, 1)) == nil)
    }
}
