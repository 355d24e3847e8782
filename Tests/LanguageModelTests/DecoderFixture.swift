import ExactMath
import LanguageModel
import Primitives
import Testing

/// A tiny model that transformers made, and what PyTorch computes with it; see
/// Tests/Peers/make_decoders.py.
struct DecoderFixture: Sendable, CustomStringConvertible {
    static let kinds = ["llama3", "linear", "mistral", "qwen2", "qwen3", "gpt2"]

    let kind: String
    var description: String { kind }

    func bytes(_ name: String) throws -> [UInt8] {
        try Fixture.bytes("decoders/\(kind)/\(name)")
    }

    func configuration() throws -> ModelConfiguration {
        try ModelConfiguration(huggingFace: bytes("config.json"))
    }

    /// From the folder, whose weights lie in one file or in shards.
    func model() throws -> DecoderModel {
        let configuration = try configuration()
        var names = ["model.safetensors"]
        if let index = try? bytes("model.safetensors.index.json") {
            names = try ShardIndex(json: index).files
        }
        let files = try names.map { try SafetensorsFile(bytes($0)) }
        let source = try SafetensorsModel(files, configuration: configuration)
        return DecoderModel(try ModelWeights(configuration: configuration, source: source))
    }

    func gguf() throws -> GGUFModel { try GGUFModel(GGUFFile(bytes("model.gguf"))) }

    func adapter(_ name: String) throws -> PEFTAdapter {
        try PEFTAdapter(
            configuration: bytes("\(name)/adapter_config.json"),
            weights: bytes("\(name)/adapter_model.safetensors"),
            model: configuration()
        )
    }

    func tokens() throws -> [UInt32] {
        let file = try SafetensorsFile(bytes("expected.safetensors"))
        let entry = try #require(file.entry(named: "ids"))
        let data = Array(file.bytes(of: entry))
        return stride(from: 0, to: data.count, by: 8).map { UInt32(data[$0]) }
    }

    /// The tensor of an `expected.safetensors`; `adapter` nil means the base model's.
    func expected(_ name: String, adapter: String? = nil) throws -> Matrix {
        let folder = adapter.map { $0 + "/" } ?? ""
        let file = try SafetensorsFile(bytes(folder + "expected.safetensors"))
        let entry = try #require(file.entry(named: TensorName(name)))
        return Matrix(
            rows: entry.shape[0],
            columns: entry.shape[1],
            values: try file.floats(of: entry)
        )
    }
}

/// How far two arrays lie apart.
struct Distance {
    let largest: Double
    let cosine: Double
    let normRatio: Double

    init(_ found: [Float], _ expected: [Float]) {
        var (dot, own, other, largest) = (0.0, 0.0, 0.0, 0.0)
        for (a, b) in zip(found, expected) {
            dot += Double(a) * Double(b)
            own += Double(a) * Double(a)
            other += Double(b) * Double(b)
            largest = max(largest, Double(abs(a - b)))
        }
        self.largest = found.count == expected.count ? largest : .infinity
        cosine = dot / (own * other).squareRoot()
        normRatio = (own / other).squareRoot()
    }
}
