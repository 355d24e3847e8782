// One operation, timed alone and printed as a line of JSON, so that a peer can take its turn
// between two runs (Benchmarks/peers/speed.py).

import ExactMath
import Foundation
import LanguageModel
import Primitives

/// What `numerics bench` measures; each stands for the work that its peer does too.
enum BenchPart: String, CaseIterable {
    /// Loading the file and rounding its weights, and nothing else.
    case load
    /// One pass over 256 tokens with the logits of each.
    case forward
    /// A training step of 4 records of 64 tokens, every one a target: rank 8 on q and v.
    case step
    /// The gradient of one record of 64 tokens.
    case gradient
    /// 64 tokens after a prompt of 32, with an adapter.
    case generate
    /// The same for eight prompts with eight different adapters at once.
    case generate8
}

/// Runs a part `repeats` times after one that does not count, and prints the fastest and the
/// middle one: wall seconds, processor seconds, units a second, and the process's peak memory.
func bench(_ arguments: [String]) throws {
    guard arguments.count >= 2, let part = BenchPart(rawValue: arguments[0]) else {
        throw BenchError.usage
    }
    let threads = arguments.count > 2 ? Int(arguments[2]) ?? 1 : 1
    let repeats = arguments.count > 3 ? Int(arguments[3]) ?? 3 : 3
    ExactRuntime.setThreads(threads)
    let model = try loadedModel(arguments[1])
    let work = try benchWork(part, model)
    var wall: [Double] = []
    var processor: [Double] = []
    try work.run()
    for _ in 0..<max(1, repeats) {
        let (start, used) = (ContinuousClock.now, clock())
        try work.run()
        processor.append(Double(clock() - used) / Double(CLOCKS_PER_SEC))
        wall.append((ContinuousClock.now - start) / .seconds(1))
    }
    wall.sort()
    processor.sort()
    let fields: [(String, String)] = [
        ("side", "\"ours\""), ("part", "\"\(part.rawValue)\""), ("threads", "\(threads)"),
        ("units", "\(work.units)"), ("wall", rounded(wall[wall.count / 2])),
        ("fastest", rounded(wall[0])), ("processor", rounded(processor[processor.count / 2])),
        ("perSecond", rounded(Double(work.units) / wall[wall.count / 2])),
        ("peakMiB", rounded(Double(peakBytes()) / 1_048_576)),
    ]
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
}

enum BenchError: Error, CustomStringConvertible {
    case usage
    case stoppedEarly(Int)

    var description: String {
        if case .stoppedEarly(let made) = self { return "only \(made) tokens were made" }
        let parts = BenchPart.allCases.map(\.rawValue).joined(separator: "|")
        return "usage: numerics bench \(parts) GGUF [THREADS] [REPEATS]"
    }
}

private func rounded(_ value: Double) -> String { String(format: "%.4f", value) }

/// The most memory that the process ever held, in bytes.
private func peakBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 } ?? 0
}

private func loadedModel(_ path: String) throws -> DecoderModel {
    let source = try GGUFModel(GGUFFile([UInt8](Data(contentsOf: URL(filePath: path)))))
    return DecoderModel(try ModelWeights(configuration: source.configuration, source: source))
}

private struct BenchWork {
    /// Tokens, or records for a gradient.
    let units: Int
    let run: () throws -> Void
}

/// Token ids that spread over the vocabulary; the peer uses the same.
private func ids(_ count: Int, from first: Int, _ model: DecoderModel) -> [UInt32] {
    (first..<first + count).map { UInt32(2 + $0 * 37 % (model.configuration.vocabulary - 2)) }
}

private func benchWork(_ part: BenchPart, _ model: DecoderModel) throws -> BenchWork {
    let records = (0..<4).compactMap {
        TokenizedRecord(tokens: ids(64, from: 64 * $0, model), completionStart: 1)
    }
    let trainer = try Trainer(
        model: model,
        recipe: TrainingRecipe(
            rank: 8,
            alpha: 16,
            learningRate: 1e-3,
            steps: 1000,
            batchSize: 4,
            maxTokens: 64,
            segmentSteps: 1,
            seed: .zero
        ),
        records: records
    )
    var state = try trainer.initialState()
    let adapter = try PreparedAdapter(state.adapter, for: model.configuration)
    switch part {
    case .load:
        return BenchWork(units: 1) {}
    case .forward:
        let tokens = ids(256, from: 0, model)
        return BenchWork(units: 256) { _ = try model.logits(tokens) }
    case .step:
        return BenchWork(units: 256) {
            var trace = ComputationTrace()
            _ = try trainer.step(&state, trace: &trace)
        }
    case .gradient:
        return BenchWork(units: 1) {
            var trace = ComputationTrace()
            _ = try model.recordGradient(records[0], adapter: adapter, trace: &trace)
        }
    case .generate, .generate8:
        let count = part == .generate ? 1 : 8
        let adapters = try (0..<count).map { try randomAdapter(UInt64($0), state.adapter, model) }
        return BenchWork(units: 64 * count) {
            var batch = BatchedGeneration(model)
            for (index, adapter) in adapters.enumerated() {
                _ = try batch.add(
                    ids(32, from: 32 * index, model),
                    maxTokens: 64,
                    adapter: adapter
                )
            }
            var made = 0
            while !batch.isEmpty { made += batch.step().count }
            guard made == 64 * count else { throw BenchError.stoppedEarly(made) }
        }
    }
}

/// An adapter of the given one's shape with random numbers in both matrices.
private func randomAdapter(
    _ number: UInt64,
    _ shape: LoRAAdapter,
    _ model: DecoderModel
) throws -> PreparedAdapter {
    var generator = KeyedGenerator(seed: .zero, domain: 3, stream: number)
    let modules = shape.modules.map { module in
        var own = module
        for index in own.a.values.indices { own.a.values[index] = generator.nextSymmetric() / 16 }
        for index in own.b.values.indices { own.b.values[index] = generator.nextSymmetric() / 64 }
        return own
    }
    let adapter = try LoRAAdapter(rank: shape.rank, alpha: shape.alpha, modules: modules)
    return try PreparedAdapter(adapter, for: model.configuration)
}
