import Attribution
import Commitments
import ExactMath
import Jobs
import LanguageModel
import ModelTestSupport
import Primitives
import TestSupport
import Testing

@Suite("Training, index, inference and attribution") struct LearningJobsTests {
    /// A trained adapter with everything that a builder would commit.
    struct Built {
        let llama: RandomLlama
        let model: DecoderModel
        let recipe: AdapterRecipe
        let records: [TokenizedRecord?]
        let snapshots: [[UInt8]]
        let adapter: LoRAAdapter
    }

    static func build(
        projectionColumns: Int = 0,
        lossTokens: LossTokens = .completion
    ) throws -> Built {
        let llama = try RandomLlama()
        let model = try llama.model()
        let training = try TrainingRecipe(
            rank: 2,
            alpha: 4,
            learningRate: 0.01,
            steps: 5,
            batchSize: 2,
            maxTokens: 32,
            lossTokens: lossTokens,
            segmentSteps: 2,
            seed: Digest(repeatElement(3, count: 32)) ?? .zero
        )
        let recipe = try #require(
            AdapterRecipe(training: training, projectionColumns: projectionColumns)
        )
        let records: [TokenizedRecord?] = llama.records(6)
        let run = try #require(
            try TrainingJob.run(model: model, recipe: recipe, records: records)
        )
        return Built(
            llama: llama,
            model: model,
            recipe: recipe,
            records: records,
            snapshots: run.snapshots,
            adapter: run.adapter
        )
    }

    static func trainingJob(_ built: Built, snapshots: [[UInt8]]? = nil) throws -> TrainingJob {
        try TrainingJob(
            model: built.model,
            recipe: built.recipe,
            records: built.records,
            snapshots: snapshots ?? built.snapshots,
            committed: built.adapter
        )
    }

    @Test("every unit of an honest trace gives the committed state, and the root follows")
    func honestTraining() throws {
        let built = try Self.build()
        let job = try Self.trainingJob(built)
        #expect(job.unitCount == 3)
        let outputs = try job.runAll().map(\.output)
        #expect(outputRoot(of: outputs) == TrainingTrace(built.snapshots).root)
        let trace = TrainingTrace(built.snapshots)
        #expect(try TrainingTrace(borsh: trace.borshBytes) == trace)
    }

    @Test("an altered step is the fault of its own unit, and of no other")
    func alteredStep() throws {
        let built = try Self.build()
        var states = built.snapshots
        var altered = try TrainingState(
            bytes: states[0],
            recipe: built.recipe.training,
            configuration: built.model.configuration
        ).bytes
        altered[9] ^= 1
        states[0] = altered
        let job = try Self.trainingJob(built, snapshots: states)
        #expect(try job.rerun(0).output != TrainingJob.digest(ofState: altered))
        #expect(try job.rerun(2).output == TrainingJob.digest(ofState: states[2]))
    }

    @Test("an adapter other than the trace's last state is refused in the last unit")
    func foreignAdapter() throws {
        let built = try Self.build()
        let job = try TrainingJob(
            model: built.model,
            recipe: built.recipe,
            records: built.records,
            snapshots: built.snapshots,
            committed: try built.llama.adapter([.query, .value])
        )
        _ = try job.rerun(1)
        #expect(throws: JobFailure.self) { try job.rerun(2) }
    }

    @Test("a trace with a missing state or a malformed one is refused")
    func malformedTrace() throws {
        let built = try Self.build()
        #expect(throws: JobFailure.self) {
            try Self.trainingJob(built, snapshots: Array(built.snapshots.dropLast()))
        }
        var states = built.snapshots
        states[0] = Array(states[0].dropLast())
        let job = try Self.trainingJob(built, snapshots: states)
        #expect(throws: JobFailure.self) { try job.rerun(1) }
    }

    @Test("index rows are those of the index, whole and projected", arguments: [0, 8])
    func indexRows(columns: Int) throws {
        let built = try Self.build(projectionColumns: columns)
        let job = try IndexJob(
            model: built.model,
            adapter: built.adapter,
            recipe: built.recipe,
            records: built.records + [nil]
        )
        let index = try job.index()
        #expect(index.rows.count == 7)
        #expect(try job.runAll().map(\.output) == index.rows.map(\.digest))
        #expect(index.blockWidths.allSatisfy { columns == 0 || $0 == 8 })
        #expect(index.rows[6].values.allSatisfy { $0 == 0 })
        #expect(index.rows[0].values.contains { $0 != 0 })
    }

    static func receipt(_ built: Built, completion: [UInt32]? = nil) throws -> InferenceReceipt {
        let prompt: [UInt32] = [5, 9, 11]
        let right = try built.model.generateGreedily(
            prompt,
            maxTokens: 6,
            adapter: PreparedAdapter(built.adapter, for: built.model.configuration)
        ).tokens
        let tokens = completion ?? right
        return InferenceReceipt(
            channel: .zero,
            sequence: 1,
            adapter: .zero,
            prompt: prompt,
            completion: tokens,
            maxTokens: 6,
            fee: Amount(units: UInt128(10 * (3 + tokens.count)))
        )
    }

    @Test("a receipt of what the adapter gives is reproduced; another token or fee is not")
    func inference() throws {
        let built = try Self.build()
        let honest = try Self.receipt(built)
        var tokens = honest.completion
        tokens[tokens.count - 1] = (tokens[tokens.count - 1] + 1) % 50 + 2
        let forged = try Self.receipt(built, completion: tokens)
        let job = try InferenceJob(
            model: built.model,
            adapter: built.adapter,
            pricePerToken: Amount(units: 10),
            receipts: [honest, forged]
        )
        #expect(try job.rerun(0).output == honest.digest)
        #expect(try job.rerun(1).output != forged.digest)
        let dearer = try InferenceJob(
            model: built.model,
            adapter: built.adapter,
            pricePerToken: Amount(units: 9),
            receipts: [honest]
        )
        #expect(try dearer.rerun(0).output != honest.digest)
    }

    static func attributionJob(_ built: Built, _ table: [SnapshotLeaf]) throws -> AttributionJob {
        try AttributionJob(
            model: built.model,
            adapter: built.adapter,
            recipe: built.recipe,
            index: try IndexJob(
                model: built.model,
                adapter: built.adapter,
                recipe: built.recipe,
                records: built.records
            ).index(),
            table: table,
            receipts: [try receipt(built), try receipt(built, completion: [3, 4])]
        )
    }

    @Test("attribution weighs every contributor, signs included, and repeats to the bit")
    func attribution() throws {
        let first = Address.zero
        let second = try #require(Address([UInt8](repeating: 1, count: 20)))
        let table = (0..<6).map {
            ClusterSharesTests.leaf($0 < 3 ? first : second, cluster: UInt32($0))
        }
        let job = try Self.attributionJob(try Self.build(), table)
        let explained = try job.explain(0)
        #expect(explained.weights.count == 6)
        #expect(explained.attribution.shares.map(\.contributor) == [first, second])
        #expect(
            explained.attribution.shares.map(\.weight) == [
                explained.weights[..<3].reduce(0, +), explained.weights[3...].reduce(0, +),
            ]
        )
        #expect(explained.weights.contains { $0 != 0 })
        #expect(try job.rerun(0) == job.rerun(0))
        let prepared = job.prepared(for: [1, 0, 9])
        for unit in 0..<2 { #expect(try prepared.rerun(unit) == job.rerun(unit)) }
        #expect(try job.rerun(0).output != job.rerun(1).output)
    }

    @Test(
        "of a query the same tokens count as of a training record",
        arguments: LossTokens.allCases
    )
    func queryTargets(_ targets: LossTokens) throws {
        let built = try Self.build(lossTokens: targets)
        let table = (0..<6).map { ClusterSharesTests.leaf(.zero, cluster: UInt32($0)) }
        let query = try Self.attributionJob(built, table).explain(0).query
        let receipt = try Self.receipt(built)
        let rows = try makeGradientRows(
            model: built.model,
            adapter: built.adapter,
            recipe: built.recipe
        )
        let expected = [LossTokens.completion: receipt.prompt.count, .all: 1].mapValues {
            TokenizedRecord(tokens: receipt.prompt + receipt.completion, completionStart: $0)
        }
        for (counted, record) in expected {
            var trace = ComputationTrace()
            let row = try rows.row(of: record, trace: &trace)
            #expect((row == query) == (counted == targets))
        }
    }

    @Test("a recipe names its damping rule, and one without a rule is of the first")
    func dampingRule() throws {
        let recipe = try Self.build().recipe
        let bytes = recipe.borshBytes
        #expect(recipe.damping == .current)
        #expect(try AdapterRecipe(borsh: bytes) == recipe)
        let first = try #require(
            AdapterRecipe(training: recipe.training, projectionColumns: 0, damping: .three)
        )
        #expect(first.borshBytes == Array(bytes.dropLast()))
        #expect(try AdapterRecipe(borsh: first.borshBytes).damping == .three)
        for rule in [UInt8(1), 3] {
            #expect(throws: BorshError.self) {
                try AdapterRecipe(borsh: first.borshBytes + [rule])
            }
        }
    }
}
