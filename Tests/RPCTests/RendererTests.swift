import JSON
import Ledger
import Primitives
import RPC
import TestSupport
import Testing

@Suite("Rendering") struct RendererTests {
    static let renderer = Renderer(prefix: .test)

    enum Kind { case plain, wrapped(Inner), labelled(first: UInt8, second: Bool), single(Height) }

    struct Inner {
        var amount = Amount(tokens: 2)
        var missing: UInt32?
        var present: UInt64? = .max
        var name = Array("café".utf8)
        var raw: [UInt8] = [1, 0xff]
        var list: [Height] = [Height(1), Height(2)]
        var chain = ChainID("openledger-dev")
    }

    @Test("a struct is an object of its properties, with exact numbers")
    func structure() {
        let expected: JSON = [
            "amount": "2000000000000000000", "missing": .null,
            "present": .number(JSONNumber(UInt64.max)), "name": "café", "raw": "0x01ff",
            "list": [1, 2], "chain": "openledger-dev",
        ]
        #expect(Self.renderer.render(Inner()) == expected)
    }

    @Test("a case is its name, or an object with its name as type")
    func cases() {
        #expect(Self.renderer.render(Kind.plain) == "plain")
        #expect(Self.renderer.render(Kind.wrapped(Inner()))["type"] == "wrapped")
        #expect(Self.renderer.render(Kind.wrapped(Inner()))["name"] == "café")
        #expect(
            Self.renderer.render(Kind.labelled(first: 1, second: true))
                == ["type": "labelled", "first": 1, "second": true]
        )
        #expect(Self.renderer.render(Kind.single(Height(4))) == ["type": "single", "value": 4])
    }

    @Test("addresses carry the network's prefix, other byte strings 0x")
    func byteStrings() {
        #expect(Self.renderer.render(Address.zero).string?.hasPrefix("topen1") == true)
        #expect(Renderer(prefix: .main).render(Address.zero).string?.hasPrefix("open1") == true)
        #expect(
            Self.renderer.render(Digest.zero).string == "0x" + String(repeating: "0", count: 64)
        )
    }
}
