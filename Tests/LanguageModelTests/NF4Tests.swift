import ExactMath
import JSON
import LanguageModel
import Testing

/// The fixture is what bitsandbytes 0.50.2 made on a CPU; Tests/Peers/make_nf4_fixtures.py says how.
@Suite("NF4 of bitsandbytes") struct NF4Tests {
    private func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Fixture.bytes("nf4/" + name))
    }

    private func floats(_ name: TensorName, _ file: SafetensorsFile) throws -> [Float] {
        try file.floats(of: #require(file.entry(named: name)))
    }

    @Test("the library's state is read to the library's values", arguments: ["double", "single"])
    func reading(kind: String) throws {
        let odd = try file("odd.safetensors")
        let tensor = try NF4Tensor(TensorName(kind), in: odd)
        #expect(tensor.shape == [211, 151] && tensor.originalType == "float32")
        #expect(try tensor.values == floats(TensorName("expected." + kind), odd))
        let folder = try file("\(kind)/model.safetensors")
        let expected = try file("\(kind)/expected.safetensors")
        var count = 0
        for entry in expected.entries where entry.name != "logits" {
            let name = TensorName(entry.name.text + ".weight")
            #expect(try NF4Tensor(name, in: folder).values == floats(entry.name, expected))
            count += 1
        }
        #expect(count == 7)
    }

    @Test("our state of a matrix is the library's, bit for bit", arguments: ["double", "single"])
    func writing(kind: String) throws {
        let odd = try file("odd.safetensors")
        let theirs = try NF4Tensor(TensorName(kind), in: odd)
        let weight = try floats("weight", odd)
        func quantised(offset: Float?) -> NF4Tensor {
            NF4Tensor(
                rows: 211,
                columns: 151,
                values: weight,
                originalType: "float32",
                isDouble: kind == "double",
                offset: offset
            )
        }
        #expect(quantised(offset: theirs.offset) == theirs)
        let mean = try #require(quantised(offset: nil).offset ?? (kind == "single" ? 0 : nil))
        #expect(abs(mean - (theirs.offset ?? 0)) <= mean.ulp)
        // And as bytes of a file.
        for item in theirs.items(named: kind) {
            let entry = try #require(odd.entry(named: item.name))
            #expect(entry.type == item.type && entry.shape == item.shape)
            #expect(Array(odd.bytes(of: entry)) == item.data, "\(item.name)")
        }
    }

    @Test("a folder in NF4 computes what transformers computes", arguments: ["double", "single"])
    func computing(kind: String) throws {
        let configuration = try ModelConfiguration(
            huggingFace: Fixture.bytes("nf4/\(kind)/config.json")
        )
        let source = try SafetensorsModel(
            file("\(kind)/model.safetensors"),
            configuration: configuration
        )
        let model = DecoderModel(
            try ModelWeights(configuration: configuration, source: source)
        )
        let logits = try model.logits([5, 9, 61, 2, 33, 40, 17]).values
        let expected = try floats("logits", file("\(kind)/expected.safetensors"))
        let largest = expected.reduce(0) { max($0, abs($1)) }
        for (own, theirs) in zip(logits, expected) {
            #expect(abs(own - theirs) < 2e-5 * largest)
        }
    }

    @Test("as an operand it takes a seventh of the memory and has the bits of its values")
    func operands() throws {
        let folder = try file("double/model.safetensors")
        let configuration = try ModelConfiguration(
            huggingFace: Fixture.bytes("nf4/double/config.json")
        )
        let source = try SafetensorsModel(folder, configuration: configuration)
        let name = "model.layers.0.mlp.down_proj.weight"
        let coded = try source.operand(named: name)
        let plain = try QuantizedMatrix(source.matrix(named: name))
        #expect(coded.integers == plain.integers && coded.exponents == plain.exponents)
        #expect(coded.byteCount * 5 < plain.byteCount)
        let rows = Matrix(
            rows: 3,
            columns: 128,
            values: (0..<384).map { Float($0 * 37 % 101) / 50 - 1 }
        )
        let operand = try QuantizedMatrix(rows)
        #expect(
            try Contraction.product(operand, transposed: coded)
                == Contraction.product(operand, transposed: plain)
        )
    }

    static let damages: [(String, String)] = [
        ("nf4\", \"blocksize\": 64", "fp4\", \"blocksize\": 64"),
        ("\"blocksize\": 64", "\"blocksize\": 32"),
        ("[211, 151]", "[211, 150]"), ("[211, 151]", "[211, -51]"), ("[211, 151]", "[211, 1.1]"),
        ("\"nested_blocksize\": 256", "\"nested_blocksize\": 128"),
        ("nested_dtype\": \"float32", "nested_dtype\": \"float16"),
        ("nested_offset\": 2", "nested_offset\": X"), ("nested_offset\": 2", "nested_offset\": -"),
    ]

    @Test("a state that says something else is refused", arguments: damages)
    func refusals(_ from: String, _ to: String) throws {
        var bytes = try Fixture.bytes("nf4/odd.safetensors")
        let (old, new) = (Array(from.utf8), Array(to.utf8))
        var changed = 0
        for place in 0..<bytes.count - old.count where bytes[place] == old[0] {
            guard Array(bytes[place..<place + old.count]) == old else { continue }
            bytes.replaceSubrange(place..<place + old.count, with: new)
            changed += 1
        }
        #expect(changed > 0)
        let file = try SafetensorsFile(bytes)
        #expect(throws: NF4Error.self) { try NF4Tensor("double", in: file) }
    }

    @Test("another quantisation, or one without its parts, is refused by name")
    func folders() throws {
        let text = String(decoding: try Fixture.bytes("nf4/double/config.json"), as: UTF8.self)
        for (from, to) in [("\"nf4\"", "\"fp4\""), ("bitsandbytes\"", "gptq\"")] {
            #expect(throws: ModelFileError.self) {
                try ModelConfiguration(huggingFace: Array(text.replacing(from, with: to).utf8))
            }
        }
        let folder = try file("double/model.safetensors")
        let name = "model.layers.0.mlp.up_proj.weight"
        let kept = folder.entries.filter { $0.name != TensorName(name + ".nested_absmax") }
        let items = kept.map {
            SafetensorsItem(
                name: $0.name,
                type: $0.type,
                shape: $0.shape,
                data: Array(folder.bytes(of: $0))
            )
        }
        let cut = try SafetensorsFile(SafetensorsWriter.write(items))
        #expect(throws: NF4Error.missingPart(TensorName(name), part: ".nested_absmax")) {
            try NF4Tensor(TensorName(name), in: cut)
        }
    }
}
