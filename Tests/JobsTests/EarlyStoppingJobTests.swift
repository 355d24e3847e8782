import Commitments
import ExactMath
import Jobs
import LanguageModel
import ModelTestSupport
import Primitives
import Testing

@Suite("Training that stops early") struct EarlyStoppingJobTests {
    private struct Built {
        let model: DecoderModel
        let recipe: AdapterRecipe
        let records: [TokenizedRecord?]
        let snapshots: [[UInt8]]
        let adapter: LoRAAdapter

        func job(_ snapshots: [[UInt8]]? = nil, adapter: LoRAAdapter? = nil) throws -> TrainingJob {
            try TrainingJob(
                model: model,
                recipe: recipe,
                records: records,
                snapshots: snapshots ?? self.snapshots,
                committed: adapter ?? self.adapter
            )
        }
    }

    private func build() throws -> Built {
        let llama = try RandomLlama()
        let training = try TrainingRecipe(
            rank: 2,
            alpha: 4,
            learningRate: 0.01,
            steps: 20,
            batchSize: 2,
            maxTokens: 32,
            heldOutPerMille: 250,
            earlyStopping: EarlyStopping(interval: 1, patience: 4, minimumGain: 5),
            segmentSteps: 2,
            seed: .zero
        )
        let recipe = try #require(AdapterRecipe(training: training, projectionColumns: 0))
        let records: [TokenizedRecord?] = llama.records(8)
        let model = try llama.model()
        let run = try #require(
            try TrainingJob.run(model: model, recipe: recipe, records: records)
        )
        return Built(
            model: model,
            recipe: recipe,
            records: records,
            snapshots: run.snapshots,
            adapter: run.adapter
        )
    }

    @Test("the trace ends with the unit in which the run stopped, and re-running proves it")
    func honest() throws {
        let built = try build()
        #expect(built.snapshots.count == 3 && built.recipe.unitCount == 10)
        let outputs = try built.job().runAll().map(\.output)
        #expect(outputRoot(of: outputs) == TrainingTrace(built.snapshots).root)
    }

    @Test("a trace that ends before the run stops is refused in its last unit")
    func cut() throws {
        let built = try build()
        let short = try built.job(Array(built.snapshots.dropLast()))
        _ = try short.rerun(0)
        #expect(throws: JobFailure.self) { try short.rerun(1) }
        #expect(throws: JobFailure.self) { try built.job([]) }
    }

    @Test("a trace that goes on after the run stopped is refused in the unit of the stop")
    func prolonged() throws {
        let built = try build()
        let long = try built.job(built.snapshots + [built.snapshots[2]])
        #expect(throws: JobFailure.self) { try long.rerun(2) }
        #expect(throws: JobFailure.self) { try long.rerun(3) }
    }

    @Test("the adapter is that of the best look; the last step's is refused")
    func result() throws {
        let built = try build()
        let last = try TrainingState(
            bytes: built.snapshots[2],
            recipe: built.recipe.training,
            configuration: built.model.configuration
        )
        #expect(last.result == built.adapter && last.adapter != built.adapter)
        let job = try built.job(adapter: last.adapter)
        #expect(throws: JobFailure.self) { try job.rerun(2) }
    }

    @Test("a held-out record's index row is zero")
    func index() throws {
        let built = try build()
        let index = try IndexJob(
            model: built.model,
            adapter: built.adapter,
            recipe: built.recipe,
            records: built.records
        ).index()
        let silent = index.rows.count { row in row.values.allSatisfy { $0 == 0 } }
        #expect(index.rows.count == 8 && silent == 2)
    }
}
