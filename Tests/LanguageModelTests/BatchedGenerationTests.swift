import ExactMath
import LanguageModel
import ModelTestSupport
import Testing

@Suite("Generation of many streams at once")
struct BatchedGenerationTests {
    private let prompts: [[UInt32]] = [
        [5, 6, 7], [9], (0..<23).map { UInt32($0 * 11 % 59 + 2) }, [5, 6, 7], [33, 2],
    ]

    /// None, and three that differ in matrices and rank.
    private func adapters(_ source: RandomLlama) throws -> [PreparedAdapter?] {
        let choices: [([LinearLayer], Int)] = [
            ([.query, .value], 3), ([.query, .key, .value, .output, .gate, .up, .down], 2),
            ([.down], 5),
        ]
        let own = try choices.map { targets, rank in
            try PreparedAdapter(
                source.adapter(targets, rank: rank),
                for: source.configuration
            )
        }
        return [own[0], own[1], nil, own[2], own[0]]
    }

    @Test("a pass over streams with different adapters has each stream's own bits")
    func sharedPass() throws {
        let source = try RandomLlama()
        let model = try source.model()
        let adapters = try adapters(source)
        var streams = adapters.map { DecoderStream(for: model.configuration, adapter: $0) }
        var alone = prompts.map { _ in KeyValueCache(for: model.configuration) }
        for round in 0..<3 {
            for index in streams.indices {
                streams[index].tokens =
                    round == 0 ? prompts[index] : [UInt32(3 + round * 7 + index)]
            }
            let together = try model.advance(&streams)
            for index in streams.indices {
                let logits = try model.advance(
                    &alone[index],
                    by: streams[index].tokens,
                    adapter: adapters[index]
                )
                #expect(together.row(index) == logits, "stream \(index), round \(round)")
            }
        }
    }

    @Test(
        "streams that come and go make the tokens that each makes alone",
        arguments: [1, 4, 256]
    )
    func streamsComeAndGo(promptRows: Int) throws {
        let source = try RandomLlama()
        let model = try source.model()
        let adapters = try adapters(source)
        var batch = BatchedGeneration(model, promptRows: promptRows)
        var made: [BatchedGeneration.StreamID: [UInt32]] = [:]
        var finishes: [BatchedGeneration.StreamID: GreedyCompletion.Finish] = [:]
        var ids: [BatchedGeneration.StreamID] = []
        func step() {
            for event in batch.step() {
                if let token = event.token { made[event.stream, default: []].append(token) }
                if let finish = event.finish { finishes[event.stream] = finish }
            }
        }
        for index in prompts.indices {
            ids.append(
                try batch.add(prompts[index], maxTokens: 6 + index, adapter: adapters[index])
            )
            step()
        }
        let removed = try batch.add([8, 8], maxTokens: 40)
        step()
        batch.remove(removed)
        while !batch.isEmpty { step() }
        #expect(finishes[removed] == nil)
        for index in prompts.indices {
            let alone = try model.generateGreedily(
                prompts[index],
                maxTokens: 6 + index,
                adapter: adapters[index]
            )
            #expect(made[ids[index]] == alone.tokens)
            #expect(finishes[ids[index]] == alone.finish)
        }
    }

    @Test("a prompt that was computed once serves every stream that begins alike")
    func preparedPrompt() throws {
        let source = try RandomLlama()
        let model = try source.model()
        let adapter = try adapters(source)[1]
        let shared: [UInt32] = [7, 21, 3, 40, 5, 5]
        let prepared = try model.prepare(shared, adapter: adapter)
        let prompts: [[UInt32]] = [shared + [9, 2], shared, [7, 21, 4], [30], [7]]
        var batch = BatchedGeneration(model)
        var made: [BatchedGeneration.StreamID: [UInt32]] = [:]
        let ids = try prompts.map { try batch.add($0, maxTokens: 7, after: prepared) }
        while !batch.isEmpty {
            for event in batch.step() {
                if let token = event.token { made[event.stream, default: []].append(token) }
            }
        }
        for (id, prompt) in zip(ids, prompts) {
            let alone = try model.generateGreedily(prompt, maxTokens: 7, adapter: adapter)
            #expect(made[id] == alone.tokens)
        }
        #expect(throws: ModelError.emptyInput) {
            try batch.add([], maxTokens: 1, after: prepared)
        }
    }

    @Test("a stream whose adapter overflows ends alone, and the others make what each makes alone")
    func overflow() throws {
        let source = try RandomLlama()
        let model = try source.model()
        let good = try adapters(source)
        let modules = try source.adapter([.down], rank: 2).modules.map { module in
            var own = module
            own.a.values = own.a.values.map { $0 * 1e30 }
            own.b.values = own.b.values.map { $0 * 1e30 }
            return own
        }
        let bad = try PreparedAdapter(
            LoRAAdapter(rank: 2, alpha: 2, modules: modules),
            for: model.configuration
        )
        var batch = BatchedGeneration(model)
        var made: [BatchedGeneration.StreamID: [UInt32]] = [:]
        let first = try batch.add(prompts[0], maxTokens: 6, adapter: good[0])
        for event in batch.step() { made[event.stream, default: []] += [event.token ?? 0] }
        let guilty = try batch.add(prompts[1], maxTokens: 6, adapter: bad)
        let last = try batch.add(prompts[2], maxTokens: 6, adapter: good[1])
        var failures: [BatchedGeneration.Event] = []
        while !batch.isEmpty {
            for event in batch.step() {
                if let token = event.token { made[event.stream, default: []].append(token) }
                if event.failure != nil { failures.append(event) }
            }
        }
        #expect(failures.map(\.stream) == [guilty])
        #expect(failures.first?.failure == .arithmetic(.notFinite))
        for (id, index) in [(first, 0), (last, 2)] {
            let alone = try model.generateGreedily(
                prompts[index],
                maxTokens: 6,
                adapter: good[index == 0 ? 0 : 1]
            )
            #expect(made[id] == alone.tokens)
        }
    }

    @Test("a stream that may make nothing ends with its first step, and bad prompts are refused")
    func limits() throws {
        let model = try RandomLlama().model()
        var batch = BatchedGeneration(model)
        let id = try batch.add([4], maxTokens: 0)
        let full = try batch.add([UInt32](repeating: 4, count: 64), maxTokens: 9)
        #expect(
            batch.step().map { [$0.stream == id || $0.stream == full, $0.token == nil] }
                == [[true, true], [true, true]]
        )
        #expect(batch.isEmpty)
        #expect(throws: ModelError.emptyInput) { try batch.add([], maxTokens: 1) }
        #expect(throws: ModelError.tokenOutOfRange(61, vocabulary: 61)) {
            try batch.add([61], maxTokens: 1)
        }
        #expect(batch.step().isEmpty)
    }
}
