import JSON
import LanguageModel
import TestSupport
import Testing

@Suite("Safetensors") struct SafetensorsTests {
    static func file(_ header: String, data: [UInt8] = []) -> [UInt8] {
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        return length + Array(header.utf8) + data
    }

    static func refusal(_ header: String, data: [UInt8] = []) -> SafetensorsError? {
        do {
            _ = try SafetensorsFile(file(header, data: data))
            return nil
        } catch {
            return error
        }
    }

    @Test("the reference library's file yields its tensors")
    func reference() throws {
        let file = try SafetensorsFile(Fixture.bytes("reference.safetensors"))
        let expected = try #require(Fixture.json("reference.safetensors.json").object)
        #expect(file.entries.count == 7)
        #expect(file.metadata.map(\.key) == ["format"])
        for member in expected.members {
            let entry = try #require(file.entry(named: TensorName(member.key)))
            let tensor = try file.tensor(entry)
            let shape = member.value["shape"]?.array?.compactMap { $0.integer(Int.self) }
            let values = member.value["values"]?.array?.compactMap(\.double)
            #expect(tensor.shape == shape)
            #expect(tensor.values.map(Double.init) == values, "\(member.key)")
        }
        let count = try #require(file.entry(named: "count"))
        #expect(throws: SafetensorsError.notReal("count", .i64)) { try file.floats(of: count) }
    }

    @Test("writing the reference's tensors again gives the reference's bytes")
    func rewrite() throws {
        let bytes = try Fixture.bytes("reference.safetensors")
        let file = try SafetensorsFile(bytes)
        let items = file.entries.reversed().map {
            SafetensorsItem(
                name: $0.name,
                type: $0.type,
                shape: $0.shape,
                data: Array(file.bytes(of: $0))
            )
        }
        #expect(SafetensorsWriter.write(items, metadata: [("format", "pt")]) == bytes)
    }

    @Test("every prefix of a file is refused")
    func prefixes() throws {
        let bytes = try Fixture.bytes("reference.safetensors")
        for length in bytes.indices {
            #expect(throws: SafetensorsError.self) { try SafetensorsFile(Array(bytes[..<length])) }
        }
        #expect(throws: SafetensorsError.trailingBytes(1)) { try SafetensorsFile(bytes + [0]) }
    }

    @Test("mutated files are read or refused, and never trap", arguments: 0..<4)
    func mutations(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let original = try Fixture.bytes("reference.safetensors")
        for _ in 0..<500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: bytes.indices, using: &generator)
                bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            }
            guard let file = try? SafetensorsFile(bytes) else { continue }
            for entry in file.entries { _ = try? file.floats(of: entry) }
            #expect(file.entries.last?.range.upperBound ?? bytes.count == bytes.count)
        }
    }

    @Test("what the reference tolerates is refused here")
    func strict() {
        let field = #""dtype":"U8","shape":[1],"data_offsets":[0,1]"#
        #expect(Self.refusal(#" {"a":{\#(field)}}"#, data: [0]) == .headerNotAnObject)
        #expect(Self.refusal("{\"a\":{\(field)}}\n", data: [0]) == .headerPadding(offset: 61))
        #expect(
            Self.refusal(#"{"a":{\#(field),"x":1}}"#, data: [0])
                == .invalidField("a", field: "dtype, shape and data_offsets alone")
        )
        let twice = Self.refusal(#"{"a":{\#(field)},"a":{\#(field)}}"#, data: [0])
        guard case .invalidHeader(.duplicateKey("a", _)) = twice else {
            Issue.record("\(String(describing: twice))")
            return
        }
    }

    @Test("malformed headers are refused by their defect")
    func defects() {
        func refusal(_ dtype: String, _ shape: String, _ offsets: String, _ data: Int)
            -> SafetensorsError?
        {
            Self.refusal(
                #"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#,
                data: [UInt8](repeating: 0, count: data)
            )
        }
        #expect(refusal("F32", "[1]", "[0,4]", 4) == nil)
        #expect(refusal("F33", "[1]", "[0,4]", 4) == .unknownType("a", "F33"))
        #expect(
            refusal("F32", "[2]", "[0,4]", 4) == .sizeMismatch("a", expected: 8, found: 4)
        )
        #expect(refusal("F32", "[-1]", "[0,4]", 4) == .invalidField("a", field: "shape"))
        #expect(refusal("F32", "[1.0]", "[0,4]", 4) == .invalidField("a", field: "shape"))
        #expect(
            refusal("F32", "[9223372036854775807,2]", "[0,4]", 4) == .shapeTooLarge("a")
        )
        #expect(refusal("F4", "[1]", "[0,1]", 1) == .shapeTooLarge("a"))
        #expect(
            refusal("F32", "[1]", "[4,0]", 4) == .invalidField("a", field: "data_offsets")
        )
        #expect(
            refusal("F32", "[1]", "[4,8]", 8) == .notContiguous("a", expected: 0, found: 4)
        )
        #expect(
            Self.refusal(#"{"__metadata__":{"a":1}}"#) == .metadataNotStrings
        )
    }

    @Test("a header's length is checked before it is read")
    func headerLength() {
        #expect(throws: SafetensorsError.headerTooLong(length: .max, limit: 1 << 20)) {
            try SafetensorsFile([UInt8](repeating: 255, count: 16))
        }
        let length: [UInt8] = [1, 0, 16, 0, 0, 0, 0, 0]
        #expect(throws: SafetensorsError.headerTooLong(length: 1 << 20 + 1, limit: 1 << 20)) {
            try SafetensorsFile(length)
        }
    }

    @Test("NaN and infinity are refused with the tensor's name", arguments: [0x7fc0, 0xff80])
    func notFinite(bits: UInt16) throws {
        let data: [UInt8] = [0, 0, UInt8(bits & 255), UInt8(bits >> 8)]
        let header = #"{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#
        let file = try SafetensorsFile(Self.file(header, data: data))
        #expect(throws: SafetensorsError.notFinite("w", index: 1)) {
            try file.floats(of: file.entries[0])
        }
    }

    @Test("every half-precision value widens as the hardware does it")
    func halves() {
        for bits in UInt16.min...UInt16.max {
            let wide = FloatFormats.widen(half: bits)
            let expected = Float(Float16(bitPattern: bits))
            #expect(wide.bitPattern == expected.bitPattern || (wide.isNaN && expected.isNaN))
        }
    }
}
