import Primitives
import TestSupport
import Testing

@Suite("Bech32m") struct Bech32mTests {
    @Test(
        "the valid strings of BIP-350 decode, and encode to their lower-case selves",
        arguments: [
            "A1LQFN3A", "a1lqfn3a",
            "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
            "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
            "11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8",
            "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa",
        ]
    )
    func valid(text: String) throws {
        let (prefix, values) = try Bech32m.decodeValues(text)
        #expect(Bech32m.encode(prefix: prefix, values: values) == text.lowercased())
    }

    @Test(
        "the invalid strings of BIP-350 are refused, each for its reason",
        arguments: [
            ("\u{20}1xj0phk", Bech32m.Failure.characterOutOfRange(offset: 0)),
            ("\u{7f}1g6xzxy", .characterOutOfRange(offset: 0)),
            ("\u{80}1vctc34", .characterOutOfRange(offset: 0)),
            (
                "an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4",
                .length(91)
            ),
            ("qyrz8wqd2c9m", .missingPrefix), ("1qyrz8wqd2c9m", .missingPrefix),
            ("y1b0jsk6g", .characterOutOfRange(offset: 2)),
            ("lt1igcx5c0", .characterOutOfRange(offset: 3)),
            ("in1muywd", .missingPrefix), ("mm1crxm3i", .characterOutOfRange(offset: 8)),
            ("au1s5cgom", .characterOutOfRange(offset: 7)), ("M1VUXWEZ", .wrongChecksum),
            ("16plkw9", .length(7)), ("1p2gdwpf", .missingPrefix), ("A1lqfn3a", .mixedCase),
        ]
    )
    func invalid(text: String, reason: Bech32m.Failure) {
        #expect(throws: reason) { try Bech32m.decode(text) }
    }

    @Test("the program of a BIP-350 address decodes to its bytes")
    func program() throws {
        let (prefix, values) = try Bech32m.decodeValues(
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
        )
        let body = Bech32m.encode(prefix: prefix, values: Array(values.dropFirst()))
        #expect(
            Hex.encode(try Bech32m.decode(body).bytes)
                == "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        )
    }

    @Test("bits that no byte needs are refused")
    func padding() {
        let extra = Bech32m.encode(prefix: Array("open".utf8), values: [0, 1])
        #expect(throws: Bech32m.Failure.padding) { try Bech32m.decode(extra) }
        let tooMany = Bech32m.encode(prefix: Array("open".utf8), values: [0, 0, 0])
        #expect(throws: Bech32m.Failure.padding) { try Bech32m.decode(tooMany) }
    }

    @Test("bytes of every length round-trip, and one wrong character is always noticed")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for length in 0..<45 {
            let bytes = generator.bytes(length)
            let text = Bech32m.encode(prefix: "open", bytes)
            #expect(try Bech32m.decode(text).bytes == bytes)
            var changed = Array(text.utf8)
            let last = changed.count - 1
            changed[last] = changed[last] == 0x71 ? 0x70 : 0x71
            #expect(throws: Bech32m.Failure.wrongChecksum) {
                try Bech32m.decode(String(decoding: changed, as: UTF8.self))
            }
        }
    }

    @Test("an address reads back under its own prefix only")
    func addresses() throws {
        var generator = SeededGenerator(seed: 2)
        let address = try #require(Address(generator.bytes(20)))
        let text = address.text(.test)
        #expect(text.hasPrefix("topen1"))
        #expect(try Address(text: text, .test) == address)
        #expect(throws: Address.TextFailure.wrongPrefix(found: "topen", expected: .main)) {
            try Address(text: text, .main)
        }
        let long = Bech32m.encode(prefix: "open", generator.bytes(21))
        #expect(throws: Address.TextFailure.wrongLength(21)) { try Address(text: long, .main) }
    }
}
