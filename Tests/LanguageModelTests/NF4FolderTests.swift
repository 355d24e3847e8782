import ExactMath
import JSON
import LanguageModel
import Testing

@Suite("Model folders in NF4") struct NF4FolderTests {
    private func twin(isDouble: Bool) throws -> (configuration: [UInt8], weights: SafetensorsFile) {
        let made = try NF4Folder.quantised(
            configuration: Fixture.bytes("nf4/plain/config.json"),
            weights: [SafetensorsFile(Fixture.bytes("nf4/plain/model.safetensors"))],
            isDouble: isDouble
        )
        return (made.configuration, try SafetensorsFile(made.weights))
    }

    @Test("with plain scales the file is transformers' own, byte for byte")
    func single() throws {
        let made = try NF4Folder.quantised(
            configuration: Fixture.bytes("nf4/plain/config.json"),
            weights: [SafetensorsFile(Fixture.bytes("nf4/plain/model.safetensors"))],
            isDouble: false
        )
        #expect(try made.weights == Fixture.bytes("nf4/single/model.safetensors"))
        let theirs = try Fixture.json("nf4/single/config.json")["quantization_config"]
        #expect(try JSON.parse(made.configuration)["quantization_config"] == theirs)
    }

    @Test("with double quantisation it differs by the order of one sum at most")
    func double() throws {
        let own = try twin(isDouble: true).weights
        let theirs = try SafetensorsFile(Fixture.bytes("nf4/double/model.safetensors"))
        #expect(own.entries.map(\.name) == theirs.entries.map(\.name))
        var count = 0
        for entry in theirs.entries where entry.name.text.hasSuffix(".quant_map") {
            let name = TensorName(String(entry.name.text.dropLast(".quant_map".count)))
            let (left, right) = (try NF4Tensor(name, in: own), try NF4Tensor(name, in: theirs))
            let offsets = (try #require(left.offset), try #require(right.offset))
            #expect(abs(offsets.0 - offsets.1) <= offsets.0.ulp)
            for (one, other) in zip(left.values, right.values) {
                #expect(abs(one - other) <= 1e-6 * abs(other))
            }
            count += 1
        }
        #expect(count == 7)
    }

    @Test("the twin computes like the source that quantises while it reads")
    func source() throws {
        let made = try twin(isDouble: true)
        let configuration = try ModelConfiguration(huggingFace: made.configuration)
        let read = try ModelWeights(
            configuration: configuration,
            source: SafetensorsModel(made.weights, configuration: configuration)
        )
        let files = ModelBundle.Files.folder(
            configuration: try Fixture.bytes("nf4/plain/config.json"),
            tokenizer: [],
            weights: [("model.safetensors", try Fixture.bytes("nf4/plain/model.safetensors"))],
            index: nil
        )
        let quantised = try DecoderModel.inNF4(files)
        let tokens: [UInt32] = [3, 9, 27, 50]
        let logits = try DecoderModel(read).logits(tokens)
        #expect(try quantised.logits(tokens) == logits)
        let plain = try SafetensorsModel(
            SafetensorsFile(Fixture.bytes("nf4/plain/model.safetensors")),
            configuration: configuration
        )
        let whole = DecoderModel(
            try ModelWeights(configuration: configuration, source: plain)
        )
        #expect(try whole.logits(tokens) != logits)
    }

    @Test("a folder that is quantised already, or of a family with another order, is refused")
    func refusals() throws {
        #expect(throws: ModelFileError.self) {
            try NF4Folder.quantised(
                configuration: Fixture.bytes("nf4/double/config.json"),
                weights: []
            )
        }
        #expect(throws: ModelFileError.self) {
            try NF4Folder.quantised(
                configuration: Fixture.bytes("decoders/gpt2/config.json"),
                weights: []
            )
        }
    }
}
