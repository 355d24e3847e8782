import ExactMath
import Foundation
import LanguageModel

/// Reads a folder that Benchmarks/peers/quality.py wrote and adds `logits-{i}.f32`, the logits of
/// every token of text i [tokens, vocabulary], `gradient-{i}.f32`, the LoRA gradient of record i
/// (A, B of each module), `losses.txt`, the loss of each training step, and the folder `written`,
/// the adapter as we write it.
///
/// In the folder: config.json, model.safetensors (or `model.gguf`, a path), adapter_config.json,
/// adapter_model.safetensors, texts.txt and records.txt (a line a record: completion start, then
/// token ids), and steps.txt (steps, learning rate, batch size in order of records, gradients).
func compare(folder: String) throws {
    let folder = URL(filePath: folder)
    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }
    let model = try loadModel(folder, bytes)
    let adapter = try PEFTAdapter(
        configuration: bytes("adapter_config.json"),
        weights: bytes("adapter_model.safetensors"),
        model: model.configuration
    ).adapter
    try write(adapter, model.configuration, to: folder.appending(path: "written"))
    let texts = try records(bytes("texts.txt"))
    let records = try records(bytes("records.txt"))
    let numbers = String(decoding: try bytes("steps.txt"), as: UTF8.self)
        .split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    let prepared = try PreparedAdapter(adapter, for: model)
    for (index, text) in texts.enumerated() {
        let logits = try model.logits(text.tokens, adapter: prepared)
        try Data(FloatBytes.encode(logits.values))
            .write(to: folder.appending(path: "logits-\(index).f32"))
    }
    var trace = ComputationTrace()
    for (index, record) in records.prefix(Int(numbers[3])).enumerated() {
        let gradient = try model.recordGradient(record, adapter: prepared, trace: &trace)
        let tensors = gradient.tensors.flatMap { FloatBytes.encode($0.values) }
        try Data(tensors).write(to: folder.appending(path: "gradient-\(index).f32"))
    }
    try trainFrom(adapter, model, records, numbers, folder)
}

/// The adapter as a PEFT folder of our own writing.
private func write(
    _ adapter: LoRAAdapter,
    _ model: ModelConfiguration,
    to folder: URL
) throws {
    let own = PEFTAdapter(adapter, baseModel: nil, layers: model.layers)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(own.configuration.json).write(to: folder.appending(path: "adapter_config.json"))
    try Data(own.weights).write(to: folder.appending(path: "adapter_model.safetensors"))
}

private func records(_ bytes: [UInt8]) -> [TokenizedRecord] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
        let numbers = line.split(separator: " ").compactMap { UInt32($0) }
        return TokenizedRecord(
            tokens: Array(numbers.dropFirst()),
            completionStart: Int(numbers.first ?? 0)
        )
    }
}

private func loadModel(
    _ folder: URL,
    _ bytes: (String) throws -> [UInt8]
) throws -> DecoderModel {
    if let path = try? String(decoding: bytes("model.gguf"), as: UTF8.self) {
        let file = try GGUFFile([UInt8](Data(contentsOf: URL(filePath: path))))
        let source = try GGUFModel(file)
        return DecoderModel(
            try ModelWeights(configuration: source.configuration, source: source)
        )
    }
    let configuration = try ModelConfiguration(huggingFace: bytes("config.json"))
    let source = try SafetensorsModel(
        SafetensorsFile(bytes("model.safetensors")),
        configuration: configuration
    )
    return DecoderModel(try ModelWeights(configuration: configuration, source: source))
}

/// Plain AdamW steps over consecutive batches, without warm-up, decay or clipping.
private func trainFrom(
    _ adapter: LoRAAdapter,
    _ model: DecoderModel,
    _ records: [TokenizedRecord],
    _ numbers: [Double],
    _ folder: URL
) throws {
    let (steps, batch) = (Int(numbers[0]), Int(numbers[2]))
    var modules = adapter.modules
    var moments = modules.map { module in
        [module.a, module.b].map { [Float](repeating: 0, count: $0.values.count) }
    }
    var second = moments
    let optimizer = AdamW(learningRate: numbers[1])
    var losses: [String] = []
    let start = ContinuousClock.now
    for step in 0..<steps {
        let current = try LoRAAdapter(
            rank: adapter.rank,
            alpha: adapter.alpha,
            modules: modules
        )
        let from = step * batch % records.count
        var trace = ComputationTrace()
        let gradient = try model.batchGradient(
            Array(records[from..<from + batch]),
            adapter: PreparedAdapter(current, for: model),
            trace: &trace
        )
        losses.append(String(gradient.loss))
        for (index, own) in gradient.modules.enumerated() {
            try optimizer.update(
                &modules[index].a.values,
                first: &moments[index][0],
                second: &second[index][0],
                gradient: own.a.values,
                step: UInt64(step + 1)
            )
            try optimizer.update(
                &modules[index].b.values,
                first: &moments[index][1],
                second: &second[index][1],
                gradient: own.b.values,
                step: UInt64(step + 1)
            )
        }
    }
    print("seconds", (ContinuousClock.now - start) / .seconds(1))
    try Data(losses.joined(separator: "\n").utf8)
        .write(to: folder.appending(path: "losses.txt"))
}
