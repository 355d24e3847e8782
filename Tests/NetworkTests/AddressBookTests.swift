import Peers
import Primitives
import TestSupport
import Testing

@Suite("Address book")
struct AddressBookTests {
    static let now: UInt64 = 1_800_000_000_000
    static let key = PublicKey.zero

    /// An address of the group `a.b`.
    static func address(_ a: UInt8, _ b: UInt8, _ host: Int) throws -> NetworkAddress {
        let bytes = [a, b, UInt8(host / 250 % 250 + 1), UInt8(host % 250 + 1)]
        return try #require(NetworkAddress(bytes: bytes, port: UInt16(1 + host / 62_500)))
    }

    static func book(_ seed: UInt64) throws -> AddressBook {
        var generator = SeededGenerator(seed: seed)
        let secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return AddressBook(secret: try #require(Digest(secret)))
    }

    @Test(
        "one told address in a hundred is honest, and the slots still get honest peers",
        arguments: UInt64(0)..<20
    )
    func hostile(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var book = try Self.book(seed)
        // The attacker has six networks, tells of 20,000 addresses and answers on all of them.
        for network in UInt8(0)..<6 {
            let teller = try Self.address(50 + network, 1, 0)
            for host in 0..<3_334 {
                book.add(try Self.address(50 + network, 1, host), from: teller, now: Self.now)
            }
        }
        // 200 honest addresses in as many networks, told by 20 peers; 20 were reached before.
        for index in 0..<200 {
            let teller = try Self.address(100, UInt8(index % 20), 7)
            let address = try Self.address(120, UInt8(index), 3)
            book.add(address, from: teller, now: Self.now)
            if index < 20 { book.reached(address, key: Self.key, now: Self.now - 3_600_000) }
        }
        var slots: [NetworkAddress] = []
        while slots.count < 8 {
            let found = book.candidate(now: Self.now, using: &generator) { address, _ in
                slots.contains { $0.group == address.group }
            }
            slots.append(try #require(found))
        }
        let honest = slots.count { $0.version4?.first == 120 }
        #expect(honest >= 3, "\(honest) of 8 slots are honest")
        #expect(book.count < 20 * 200)
    }

    @Test("an attacker who is reached as well takes few of the places of proven peers")
    func tried() throws {
        var book = try Self.book(1)
        for host in 0..<2_000 {
            let address = try Self.address(50, 1, host)
            book.add(address, from: address, now: Self.now)
            book.reached(address, key: Self.key, now: Self.now)
        }
        #expect(book.triedCount <= 4 * 32)
        for network in UInt8(0)..<100 {
            book.reached(try Self.address(60, network, 1), key: Self.key, now: Self.now)
        }
        #expect(book.triedCount > 128 + 60)
    }

    @Test("one teller reaches an eighth of the places that two hundred reach")
    func tellers() throws {
        var (one, many) = (try Self.book(2), try Self.book(2))
        for index in 0..<20_000 {
            let address = try Self.address(UInt8(20 + index % 80), UInt8(index / 80 % 250), index)
            one.add(address, from: try Self.address(9, 9, 1), now: Self.now)
            many.add(address, from: try Self.address(9, UInt8(index % 200), 1), now: Self.now)
        }
        #expect(one.count <= 16 * 32)
        #expect(many.count > 8 * one.count)
    }

    @Test("a proven peer loses its place only when it does not answer any more")
    func contest() throws {
        var book = try Self.book(3)
        var reached: [NetworkAddress] = []
        // One group has 128 places; more than so many reached addresses collide.
        for host in 0..<600 {
            let address = try Self.address(50, 1, host)
            reached.append(address)
            book.add(address, from: address, now: Self.now)
            book.reached(address, key: Self.key, now: Self.now)
        }
        let before = reached.filter { book[$0]?.isTried ?? false }
        #expect(before.count <= 128)
        for address in before {
            book.reached(address, key: Self.key, now: Self.now + 1)
        }
        #expect(before.allSatisfy { book[$0]?.isTried ?? false })
        var lost = 0
        for address in before {
            let count = book.triedCount
            book.failed(address, now: Self.now + 2)
            if book[address] == nil {
                lost += 1
                #expect(book.triedCount == count)
            }
        }
        #expect(lost == 0, "answering ended every contest")
        let late = try Self.address(50, 1, 601)
        book.add(late, from: late, now: Self.now)
        for host in 602..<640 {
            let address = try Self.address(50, 1, host)
            book.add(address, from: address, now: Self.now)
            book.reached(address, key: Self.key, now: Self.now)
        }
        for address in before { book.failed(address, now: Self.now + 3) }
        #expect(before.contains { book[$0] == nil })
    }

    @Test("a failing address waits longer each time, and a new one is given up")
    func patience() throws {
        var generator = SeededGenerator(seed: 4)
        var book = try Self.book(4)
        let address = try Self.address(50, 1, 1)
        book.add(address, from: address, now: Self.now)
        func isOffered(after milliseconds: UInt64) -> Bool {
            (0..<200).contains { _ in
                book.candidate(now: Self.now + milliseconds, using: &generator) { _, _ in false }
                    != nil
            }
        }
        #expect(isOffered(after: 0))
        book.failed(address, now: Self.now)
        #expect(!isOffered(after: 100_000))
        #expect(isOffered(after: 120_000))
        book.failed(address, now: Self.now + 120_000)
        #expect(!isOffered(after: 330_000))
        book.failed(address, now: Self.now + 500_000)
        #expect(book.count == 0)
    }

    @Test("private addresses are believed of private peers only")
    func privateAddresses() throws {
        var book = try Self.book(5)
        let lan = try #require(NetworkAddress(bytes: [192, 168, 1, 4], port: 5))
        let other = try #require(NetworkAddress(bytes: [10, 1, 1, 4], port: 5))
        book.add(lan, from: try Self.address(50, 1, 1), now: Self.now)
        #expect(book.count == 0)
        book.add(lan, from: other, now: Self.now)
        #expect(book.count == 1)
        #expect(lan.group != other.group)
        #expect(NetworkAddress(bytes: [1, 2, 3], port: 1) == nil)
        let six = try #require(
            NetworkAddress(bytes: [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 12), port: 1)
        )
        #expect(six.isPublic)
        #expect(six.host == "2001:db8:0:0:0:0:0:0")
    }

    @Test("addresses are read in every form of their text, and nothing else is")
    func text() throws {
        let forms = [
            ("1.2.3.4", "1.2.3.4"), ("::ffff:1.2.3.4", "1.2.3.4"), ("::1", "0:0:0:0:0:0:0:1"),
            ("2001:db8::", "2001:db8:0:0:0:0:0:0"), ("fe80::1%eth0", "fe80:0:0:0:0:0:0:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::8", "1:0:0:0:0:0:0:8"),
            ("::", "0:0:0:0:0:0:0:0"),
        ]
        for (text, wanted) in forms {
            #expect(NetworkAddress(host: text, port: 1)?.host == wanted, "\(text)")
        }
        let bad = [
            "", "1.2.3", "+1.2.3.4", "::+1", "1.2.3.256", "node.example", "1::2::3",
            "1:2:3:4:5:6:7", "12345::1",
            "1:2:3:4:5:6:7:8:9", "::1.2.3", "1.2.3.4::1", ":", ":::", "1:2:3:4:5:6:7::8",
        ]
        for text in bad { #expect(NetworkAddress(host: text, port: 1) == nil, "\(text)") }
    }

    @Test("nobody copies the book in one question")
    func sample() throws {
        var generator = SeededGenerator(seed: 6)
        var book = try Self.book(6)
        for network in UInt8(0)..<200 {
            let address = try Self.address(30, network, 1)
            book.add(address, from: address, now: Self.now)
        }
        let count = book.count
        #expect(count > 150)
        let most = book.sample(64, now: Self.now, using: &generator)
        #expect(most.count == (count + 3) / 4)
        let few = book.sample(10, now: Self.now, using: &generator)
        #expect(few.count == 10)
    }

    @Test("whatever happens to it, a book is the same after a restart", arguments: UInt64(0)..<4)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var book = try Self.book(seed)
        var now = Self.now
        for _ in 0..<4_000 {
            now += UInt64.random(in: 0...100_000_000, using: &generator)
            let group = UInt8.random(in: 1...9, using: &generator)
            let host = Int.random(in: 0..<120, using: &generator)
            let address = try Self.address(40, group, host)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0, 1:
                book.add(address, from: try Self.address(41, UInt8(host), 1), now: now)
            case 2: book.reached(address, key: Self.key, now: now)
            case 3: book.failed(address, now: now)
            default: book.forget(address)
            }
        }
        #expect(book.count > 20)
        let bytes = book.borshBytes
        let again = try AddressBook(borsh: bytes)
        #expect(again.count == book.count)
        #expect(again.triedCount == book.triedCount)
        #expect(again.borshBytes == bytes)
        #expect(throws: BorshError.self) { try AddressBook(borsh: Array(bytes.dropLast())) }
    }
}
