import ExactMath
import JSON
import LanguageModel
import Primitives
import TestSupport
import Testing

@Suite("GGUF") struct GGUFTests {
    @Test("every block type widens to the reference library's bits")
    func blocks() throws {
        let file = try GGUFFile(Fixture.bytes("quantised.gguf"))
        let expected = try #require(Fixture.json("quantised.gguf.json").object)
        #expect(expected.count == 11)
        for member in expected.members {
            let entry = try #require(file.entry(named: TensorName(member.key)))
            let bits = member.value.array?.compactMap { $0.integer(UInt32.self) }
            #expect(try file.floats(of: entry).map(\.bitPattern) == bits, "\(member.key)")
        }
    }

    @Test("blocks kept as codes are the same operand as their values")
    func codes() throws {
        let file = try GGUFFile(Fixture.bytes("quantised.gguf"))
        var coded: Set<GGUFType> = []
        for entry in file.entries {
            guard let rows = file.codedRows(of: entry) else { continue }
            coded.insert(entry.type)
            let values = try file.floats(of: entry)
            let plain = try QuantizedMatrix(
                Matrix(rows: entry.shape[0], columns: entry.shape[1], values: values)
            )
            let short = QuantizedMatrix(rows)
            #expect(short.exponents == plain.exponents, "\(entry.name)")
            #expect(short.integers == plain.integers, "\(entry.name)")
        }
        #expect(coded == [.q4x0, .q4x1, .q5x0, .q5x1, .q8x0, .q4k, .q5k, .q6k])
    }

    @Test("keys of every kind are read")
    func keys() throws {
        let file = try GGUFFile(Fixture.bytes("quantised.gguf"))
        #expect(file.value("test.flag") == .bool(true))
        #expect(file.value("test.reals") == .reals([0.5, -1.25]))
        #expect(file.value("test.integers") == .integers([1, -2, 3]))
        #expect(file.value("test.small") == .signed(-5))
        #expect(try file.string("test.text") == Array("naïve".utf8))
        #expect(throws: GGUFError.missingKey("test.absent")) { try file.integer("test.absent") }
        #expect(throws: GGUFError.wrongKind("test.text")) { try file.integer("test.text") }
    }

    @Test("a model folder and its GGUF conversion hold the same matrices")
    func model() throws {
        let gguf = try GGUFModel(GGUFFile(Fixture.bytes("tiny.gguf")))
        let configuration = try ModelConfiguration(
            huggingFace: Fixture.bytes("tiny/config.json")
        )
        let folder = try SafetensorsModel(
            SafetensorsFile(Fixture.bytes("tiny/model.safetensors")),
            configuration: configuration
        )
        #expect(gguf.configuration == configuration)
        #expect(configuration.tensorNames.count == 11)
        for name in configuration.tensorNames {
            #expect(try gguf.matrix(named: name) == folder.matrix(named: name), "\(name)")
        }
        #expect(throws: ModelLoadError.missingTensor("lm_head.weight")) {
            try gguf.matrix(named: "lm_head.weight")
        }
    }

    @Test("every prefix of a file is refused")
    func prefixes() throws {
        let bytes = try Fixture.bytes("quantised.gguf")
        let end = try #require(GGUFFile(bytes).entries.last?.range.upperBound)
        for length in 0..<end {
            #expect(throws: GGUFError.self) { try GGUFFile(Array(bytes[..<length])) }
        }
        #expect(throws: GGUFError.self) {
            try GGUFFile(bytes + [UInt8](repeating: 0, count: 32))
        }
    }

    @Test("mutated files are read or refused, and never trap", arguments: 0..<4)
    func mutations(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let original = try Fixture.bytes("quantised.gguf")
        let headerEnd = try #require(GGUFFile(original).entries.first?.range.lowerBound)
        var refused = 0
        for _ in 0..<500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<headerEnd, using: &generator)
                bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
            }
            do {
                let file = try GGUFFile(bytes)
                for entry in file.entries { _ = try? file.floats(of: entry) }
                _ = try? GGUFModel(file)
                _ = try? Tokenizer(gguf: file)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    /// A file with one key-value pair and one tensor info, as bytes.
    static func file(
        version: UInt32 = 3,
        tensors: UInt64 = 1,
        name: String = "t",
        dimensions: [UInt64] = [32],
        type: UInt32 = 0,
        offset: UInt64 = 0,
        data: Int = 128
    ) -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        func append(_ value: some FixedWidthInteger) {
            for shift in stride(from: 0, to: value.bitWidth, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        append(version)
        append(tensors)
        append(UInt64(0))
        append(UInt64(name.utf8.count))
        bytes += Array(name.utf8)
        append(UInt32(dimensions.count))
        for dimension in dimensions { append(dimension) }
        append(type)
        append(offset)
        while bytes.count % 32 != 0 { bytes.append(0) }
        return bytes + [UInt8](repeating: 0, count: data)
    }

    @Test("malformed headers are refused by their defect")
    func defects() {
        func refusal(_ bytes: [UInt8]) -> GGUFError? {
            do {
                _ = try GGUFFile(bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(Self.file()) == nil)
        #expect(refusal(Self.file(version: 2)) == .unsupportedVersion(2))
        #expect(
            refusal(Self.file(tensors: 4097))
                == .overLimit(field: "tensor count", found: 4097, limit: 4096)
        )
        #expect(
            refusal(Self.file(name: String(repeating: "n", count: 65)))
                == .overLimit(field: "tensor name", found: 65, limit: 64)
        )
        #expect(
            refusal(Self.file(dimensions: [1, 1, 1, 1, 1]))
                == .overLimit(field: "dimensions of t", found: 5, limit: 4)
        )
        #expect(refusal(Self.file(type: 99)) == .unknownTensorType("t", 99))
        #expect(
            refusal(Self.file(dimensions: [1 << 62, 1 << 62])) == .shapeTooLarge("t")
        )
        #expect(refusal(Self.file(dimensions: [.max])) == .shapeTooLarge("t"))
        #expect(refusal(Self.file(dimensions: [33], type: 2)) == .brokenRow("t"))
        #expect(
            refusal(Self.file(offset: 32)) == .misplaced("t", expected: 0, found: 32)
        )
        #expect(refusal(Self.file(data: 129)) == .trailingBytes(1))
        #expect(refusal([0x47, 0x47, 0x55, 0x45]) == .notGGUF)
    }
}
