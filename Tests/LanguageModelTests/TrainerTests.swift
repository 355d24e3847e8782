import Cryptography
import ExactMath
import LanguageModel
import ModelTestSupport
import Primitives
import Testing

@Suite("Training")
struct TrainerTests {
    private func recipe(
        steps: Int = 20,
        schedule: LearningRateSchedule = .cosine
    ) throws -> TrainingRecipe {
        try TrainingRecipe(
            rank: 4,
            alpha: 8,
            targets: [.value, .query, .down],
            learningRate: 0.02,
            weightDecay: 0.01,
            warmupSteps: 3,
            schedule: schedule,
            steps: steps,
            batchSize: 4,
            maxTokens: 18,
            segmentSteps: 6,
            seed: .zero
        )
    }

    private func trainer(_ recipe: TrainingRecipe) throws -> Trainer {
        let source = try RandomLlama()
        return try Trainer(model: source.model(), recipe: recipe, records: source.records(10))
    }

    @Test("twenty steps give the pinned adapter, and the loss falls")
    func pinnedRun() throws {
        let trainer = try trainer(recipe())
        var state = try trainer.initialState()
        var trace = ComputationTrace()
        var losses: [Double] = []
        for _ in 0..<20 { losses.append(try trainer.step(&state, trace: &trace).loss) }
        #expect(losses[19] < losses[0] * 0.8, "\(losses)")
        let digest = taggedHash(HashTag("openledger/test/v1"), state.bytes + trace.bytes)
        #expect(Hex.encode(digest.bytes) == Self.pinned)
    }

    static let pinned = "67e2ca0bda72db83504165cf66967ec15588ce9f2ee643f8fabf3f8da4635a48"

    @Test("a run resumed from a snapshot's bytes has the bits of an uninterrupted one")
    func resume() throws {
        let trainer = try trainer(recipe(steps: 6))
        var whole = try trainer.initialState()
        var trace = ComputationTrace()
        var snapshots: [[UInt8]] = []
        for _ in 0..<6 {
            snapshots.append(whole.bytes)
            _ = try trainer.step(&whole, trace: &trace)
        }
        for snapshot in snapshots {
            var state = try TrainingState(
                bytes: snapshot,
                recipe: trainer.recipe,
                configuration: trainer.model.configuration
            )
            while state.step < 6 { _ = try trainer.step(&state, trace: &trace) }
            #expect(state == whole && state.bytes == whole.bytes)
        }
        let before = whole
        #expect(throws: Trainer.Failure.finished(steps: 6)) {
            try trainer.step(&whole, trace: &trace)
        }
        #expect(whole == before)
    }

    @Test("a snapshot of another length, step or with NaN is refused")
    func badSnapshots() throws {
        let trainer = try trainer(recipe(steps: 6))
        let configuration = trainer.model.configuration
        let good = try trainer.initialState().bytes
        func read(_ bytes: [UInt8]) throws {
            _ = try TrainingState(
                bytes: bytes,
                recipe: trainer.recipe,
                configuration: configuration
            )
        }
        try read(good)
        #expect(
            throws: TrainingState.Failure.wrongLength(
                expected: good.count,
                found: good.count - 1
            )
        ) { try read(good.dropLast()) }
        var late = good
        late[0] = 7
        #expect(throws: TrainingState.Failure.stepOutOfRange(7)) { try read(late) }
        var nan = good
        nan.replaceSubrange(8..<12, with: [0, 0, 0xc0, 0x7f])
        #expect(throws: TrainingState.Failure.notFinite) { try read(nan) }
    }

    @Test("the first adapter is uniform within PEFT's bound and changes nothing")
    func initialisation() throws {
        let trainer = try trainer(recipe())
        let adapter = try trainer.initialState().adapter
        #expect(adapter.modules.map(\.site.linear).prefix(3) == [.query, .value, .down])
        for module in adapter.modules {
            let bound = 1 / Float(module.a.columns).squareRoot()
            #expect(module.a.values.allSatisfy { abs($0) <= bound })
            #expect(module.a.values.contains { $0 > bound * 0.9 })
            #expect(module.a.values.contains { $0 < -bound * 0.9 })
            #expect(module.b.values.allSatisfy { $0 == 0 })
        }
        let model = trainer.model
        let prepared = try PreparedAdapter(adapter, for: model.configuration)
        #expect(try model.logits([2, 3, 4], adapter: prepared) == model.logits([2, 3, 4]))
    }

    @Test("every epoch uses every record once")
    func dataOrder() throws {
        let trainer = try trainer(recipe())
        let seen = (0..<5).flatMap { trainer.batch(step: $0) }
        for epoch in [seen[..<10], seen[10...]] {
            for record in trainer.records {
                #expect(
                    epoch.count { $0 == record } == trainer.records.count { $0 == record }
                )
            }
        }
        #expect(Array(seen[..<10]) != Array(seen[10...]))
        #expect(trainer.records.allSatisfy { $0.tokens.count <= 18 })
    }

    @Test("the learning rate warms up and then follows its schedule")
    func schedules() throws {
        let cosine = try trainer(recipe())
        #expect(abs(cosine.learningRate(step: 0) - 0.02 / 3) < 1e-8)
        #expect(abs(cosine.learningRate(step: 3) - 0.02) < 1e-8)
        #expect(cosine.learningRate(step: 19) < 0.001 && cosine.learningRate(step: 19) > 0)
        let linear = try trainer(recipe(steps: 13, schedule: .linear))
        #expect(abs(linear.learningRate(step: 8) - 0.01) < 1e-8)
        let constant = try trainer(recipe(schedule: .constant))
        #expect(abs(constant.learningRate(step: 19) - 0.02) < 1e-8)
    }
}
