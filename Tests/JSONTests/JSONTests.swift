import JSON
import Testing

@Suite("JSON") struct JSONTests {
    @Test("a value is written back as it was read")
    func roundTrip() throws {
        let text = #"{"a":[1,-0,2.50,1E+2,true,false,null],"b":{"c":"\"\\\n é 😀"},"d":{},"e":[]}"#
        #expect(try JSON.parse(text).compactText == text)
    }

    @Test("indented text reads as the same value")
    func pretty() throws {
        let value: JSON = ["a": [1, ["b": .null]], "c": "d"]
        let text = "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": \"d\"\n}"
        #expect(value.prettyText == text)
        #expect(try JSON.parse(text) == value)
    }

    @Test("integers keep every digit, and only what is written as an integer is one")
    func integers() throws {
        let limit = UInt128.max
        #expect(try JSON.parse("\(limit)").integer(UInt128.self) == limit)
        #expect(try JSON.parse("18446744073709551616").integer(UInt64.self) == nil)
        #expect(try JSON.parse("-1").integer(UInt64.self) == nil)
        #expect(try JSON.parse("1.0").integer(UInt64.self) == nil)
        #expect(try JSON.parse("1e2").integer(UInt64.self) == nil)
        #expect(try JSON.parse("1e2").double == 100)
        #expect(try JSON.parse("1e999").double == nil)
    }

    @Test("escapes and surrogate pairs decode to their characters")
    func escapes() throws {
        #expect(try JSON.parse(#""\u0041\u00e9\ud83d\ude00\/\b\f""#).string == "Aé😀/\u{8}\u{c}")
    }

    @Test(
        "a text that readers could understand differently is refused",
        arguments: [
            (#"{"a":1,"a":2}"#, JSONError.duplicateKey("a", offset: 1)),
            (#"{"a":1,"\u0061":2}"#, .duplicateKey("a", offset: 1)),
            ("1 2", .trailingBytes(offset: 2)),
            ("01", .invalidNumber(offset: 0)),
            ("1.", .invalidNumber(offset: 0)),
            ("-", .invalidNumber(offset: 0)),
            ("1e", .invalidNumber(offset: 0)),
            ("[1,]", .unexpectedByte(0x5d, offset: 3)),
            ("{\"a\" 1}", .unexpectedByte(0x31, offset: 5)),
            ("{a:1}", .unexpectedByte(0x61, offset: 1)),
            ("\"\\ud800\"", .invalidEscape(offset: 1)),
            ("\"\\ud800\\u0041\"", .invalidEscape(offset: 1)),
            ("\"\\x\"", .invalidEscape(offset: 1)),
            ("\"a\nb\"", .controlCharacter(offset: 2)),
            ("\"abc", .unexpectedEnd),
            ("", .unexpectedEnd),
            ("nul", .unexpectedEnd),
            ("NaN", .unexpectedByte(0x4e, offset: 0)),
            ("\u{feff}1", .unexpectedByte(0xef, offset: 0)),
        ]
    )
    func refused(text: String, error: JSONError) {
        #expect(throws: error) { try JSON.parse(text) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        #expect(throws: JSONError.invalidUTF8(offset: 0)) {
            try JSON.parse([0x22, 0xc0, 0xaf, 0x22])
        }
    }

    @Test("a duplicate among many keys is found")
    func manyKeys() throws {
        let members = (0..<100).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        #expect(try JSON.parse("{\(members)}")["k77"] == 77)
        #expect(throws: JSONError.duplicateKey("k5", offset: 1)) {
            try JSON.parse("{\(members),\"k5\":0}")
        }
    }

    @Test("keys that Swift calls equal are different members if their bytes differ")
    func canonicalEquivalence() throws {
        let value = try JSON.parse("{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{e9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test("nesting is allowed up to the limit and not beyond")
    func depth() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSON.parse(deep)
        #expect(throws: JSONError.tooDeep(offset: 64, limit: 64)) { try JSON.parse("[\(deep)]") }
    }

    @Test("a text over the byte limit is refused before it is read")
    func byteLimit() throws {
        _ = try JSON.parse(Array("[1]".utf8), byteLimit: 3)
        #expect(throws: JSONError.tooLong(bytes: 4, limit: 3)) {
            try JSON.parse(Array("[12]".utf8), byteLimit: 3)
        }
    }

    @Test("control characters are written as escapes")
    func writtenEscapes() {
        #expect(JSON.string("\u{1}\t\"").compactText == #""\u0001\t\"""#)
    }
}
