import Dispatch
import ExactMath
import LanguageModel
import Serving
import Synchronization
import TestSupport
import Testing

/// What happened, in order.
private final class Log: Sendable {
    private let state = Mutex<[String]>([])

    var events: [String] { state.withLock { $0 } }

    /// How many there are with this one.
    @discardableResult
    func add(_ event: String) -> Int {
        state.withLock { events in
            events.append(event)
            return events.count
        }
    }
}

@Suite("Generation of many requests together") struct GenerationEngineTests {
    private typealias Request = GenerationEngine.Request

    /// Each of its own numbers, on both matrices that read the prompt.
    private static func adapter(_ seed: UInt64, scale: Float = 1) throws -> LoRAAdapter {
        var generator = SeededGenerator(seed: seed)
        func matrix(_ rows: Int, _ columns: Int) -> Matrix {
            let values = (0..<rows * columns).map { _ in
                Float.random(in: -scale...scale, using: &generator)
            }
            return Matrix(rows: rows, columns: columns, values: values)
        }
        let modules = [LinearLayer.query, .output].map { linear in
            LoRAModule(
                site: LoRASite(layer: 0, linear: linear),
                a: matrix(4, 32),
                b: matrix(32, 4)
            )
        }
        return try LoRAAdapter(rank: 4, alpha: 8, modules: modules)
    }

    private static func prepared(
        _ seed: UInt64,
        _ model: DecoderModel,
        scale: Float = 1
    ) throws -> PreparedAdapter {
        try PreparedAdapter(adapter(seed, scale: scale), for: model)
    }

    @Test(
        "requests with different adapters get the tokens that each gets alone, however many seats"
    )
    func together() async throws {
        let model = try ServedFixture.bundle().model
        for width in [1, 3, 16] {
            let engine = GenerationEngine(model, limit: 12, width: width)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    let adapter =
                        number % 4 == 3 ? nil : try Self.prepared(UInt64(number % 4), model)
                    let prompt = (0...number).map { UInt32(5 + $0 * 7 % 50) }
                    group.addTask {
                        let answer = try await engine.answer(
                            Request(prompt: prompt, maxTokens: 4 + number, adapter: adapter) { _ in
                                true
                            }
                        )
                        let alone = try model.generateGreedily(
                            prompt,
                            maxTokens: 4 + number,
                            adapter: adapter
                        )
                        #expect(answer.tokens == alone.tokens)
                        #expect(answer.finish == alone.finish)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a request joins between two tokens of another and ends before it")
    func joining() async throws {
        let model = try ServedFixture.bundle().model
        let engine = GenerationEngine(model, limit: 2, width: 8)
        let log = Log()
        let joined = DispatchSemaphore(value: 0)
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let long = Request(prompt: [5, 6, 7], maxTokens: 20, adapter: nil) { _ in
            guard log.add("long") == 1 else { return true }
            // No further pass until the other one has asked.
            arrival.yield()
            joined.wait()
            return true
        }
        let short = Task {
            var waiting = arrivals.makeAsyncIterator()
            await waiting.next()
            let answer = Task {
                try await engine.answer(
                    Request(prompt: [9], maxTokens: 3, adapter: nil) { _ in
                        log.add("short")
                        return true
                    }
                )
            }
            while engine.count < 2 { await Task.yield() }
            joined.signal()
            _ = try await answer.value
        }
        let answer = try await engine.answer(long)
        try await short.value
        let events = log.events
        let first = try #require(events.firstIndex(of: "short"))
        let last = try #require(events.lastIndex(of: "long"))
        #expect(first < last, "\(events)")
        #expect(answer.tokens.count == 20 || answer.finish == .stop)
    }

    @Test("a full engine refuses, and takes requests again once one has left")
    func full() async throws {
        let model = try ServedFixture.bundle().model
        let engine = GenerationEngine(model, limit: 1, width: 8)
        let (entered, leave) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        let holder = Task {
            try await engine.answer(
                Request(prompt: [5], maxTokens: 2, adapter: nil) { _ in
                    entered.continuation.yield()
                    leave.wait()
                    return false
                }
            )
        }
        var arrivals = entered.stream.makeAsyncIterator()
        await arrivals.next()
        let other = Request(prompt: [6], maxTokens: 1, adapter: nil) { _ in true }
        await #expect(throws: ServingError(.busy, "1 requests are in progress; try again later")) {
            try await engine.answer(other)
        }
        leave.signal()
        #expect(try await holder.value.finish == nil)
        #expect(try await engine.answer(other).tokens.count == 1)
    }

    @Test("a cancelled request leaves with what it has, or with nothing while it waits")
    func cancellation() async throws {
        let model = try ServedFixture.bundle().model
        let engine = GenerationEngine(model, limit: 3, width: 1)
        let (entered, go) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        let first = Task {
            try await engine.answer(
                Request(prompt: [5, 6], maxTokens: 50, adapter: nil) { _ in
                    entered.continuation.yield()
                    go.wait()
                    return true
                }
            )
        }
        var arrivals = entered.stream.makeAsyncIterator()
        await arrivals.next()
        let never = Request(prompt: [7], maxTokens: 1, adapter: nil) { _ in
            Issue.record("it was cancelled before it had a seat")
            return true
        }
        let second = Task { try await engine.answer(never) }
        let third = Task {
            try await engine.answer(Request(prompt: [8], maxTokens: 2, adapter: nil) { _ in true })
        }
        while engine.count < 3 { await Task.yield() }
        second.cancel()
        first.cancel()
        go.signal()
        let answer = try await first.value
        #expect(answer.tokens.count == 1)
        #expect(answer.finish == nil)
        await #expect(throws: CancellationError.self) { try await second.value }
        let alone = try model.generateGreedily([8], maxTokens: 2)
        #expect(try await third.value.tokens == alone.tokens)
    }

    @Test("a request that overflows fails alone, and a bad prompt is refused")
    func failures() async throws {
        let model = try ServedFixture.bundle().model
        let engine = GenerationEngine(model, limit: 4, width: 8)
        let bad = try Self.prepared(1, model, scale: 1e30)
        let good = try Self.prepared(2, model)
        let failing = Task {
            try await engine.answer(
                Request(prompt: [5, 6], maxTokens: 9, adapter: bad) { _ in true }
            )
        }
        let fine = try await engine.answer(
            Request(prompt: [5, 6], maxTokens: 9, adapter: good) { _ in true }
        )
        let alone = try model.generateGreedily([5, 6], maxTokens: 9, adapter: good)
        #expect(fine.tokens == alone.tokens)
        await #expect(throws: ModelError.arithmetic(.notFinite)) { try await failing.value }
        await #expect(throws: ModelError.emptyInput) {
            try await engine.answer(Request(prompt: [], maxTokens: 1, adapter: nil) { _ in true })
        }
    }
}
