import ArgumentParser
import Cryptography
import Factory
import Jobs
package import LanguageModel
import Primitives

extension LearningRateSchedule: ExpressibleByArgument, CaseIterable {
    package static var allCases: [Self] { [.constant, .linear, .cosine] }
    package init?(argument: String) {
        guard let found = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = found
    }
}

/// The recipe of a training run, as far as it is not left to what fits model and records.
struct RecipeFlags: ParsableArguments {
    @Option(help: "Any text; the adapter's bits derive from it.") var seed = "1"
    @Option(help: "The matrices to adapt: names or pattern as PEFT has them, or all-linear.")
    var targets: String?
    @Option(help: "Rank of the adapter.") var rank = 8
    @Option(help: "Scale of the adapter times its rank; twice the rank unless told.")
    var alpha: Float?
    @Flag(help: "Scale by the root of the rank (rsLoRA).") var rankStabilised = false
    @Option(help: "The share of each pair's input that is dropped, 0 to below 1.")
    var dropout: Float = 0
    @Option(help: "Optimizer steps; three epochs unless told.") var steps: Int?
    @Option(help: "Records a step, or records a pass with --accumulation.") var batch = 8
    @Option(help: "Passes whose gradients make one step.") var accumulation = 1
    @Flag(help: "Fill each place of a batch with as many records as --max-tokens holds.")
    var packed = false
    @Option(help: "The longest record in tokens, prompt included; 512 unless told.")
    var maxTokens: Int?
    @Flag(help: "Count the loss of prompts too, not of answers alone.") var lossOnAll = false
    @Option(help: "The learning rate; fits the model's size unless told.")
    var learningRate: Float?
    @Option(help: "How the learning rate falls: constant, linear or cosine.")
    var schedule = LearningRateSchedule.linear
    @Option(help: "Steps in which the learning rate rises; a twentieth unless told.")
    var warmup: Int?
    @Option(help: "AdamW's weight decay.") var weightDecay: Float = 0
    @Option(help: "The norm that a step's gradient is cut to; 0 leaves it.")
    var clip: Float = 1
    @Option(help: "Of a thousand records, how many the seed holds out; they earn nothing.")
    var split = 0
    @Option(help: "Look at the held-out records every so many steps, for --patience.")
    var evaluateEvery = 10
    @Option(help: "Stop after so many looks without a better loss; needs --split.")
    var patience: Int?
    @Option(help: "Columns that long gradients are projected to in the index; 0 keeps them whole.")
    var columns: Int?

    func validate() throws {
        guard patience == nil || split > 0 else {
            throw ValidationError("--patience needs held-out records: give --split as well")
        }
    }

    /// - Parameter records: how many there are to train on.
    func recipe(records: Int, model: ModelConfiguration) throws -> AdapterRecipe {
        var options = RecipeOptions()
        options.rank = rank
        options.alpha = alpha
        options.rankStabilised = rankStabilised
        options.dropout = dropout
        options.targets = try selection(model)
        options.learningRate = learningRate
        options.weightDecay = weightDecay
        options.warmupSteps = warmup
        options.schedule = schedule
        options.steps = steps
        options.batchSize = batch
        options.accumulation = accumulation
        options.places = packed ? .packed : .records
        options.maxTokens = maxTokens
        options.lossTokens = lossOnAll ? .all : .completion
        options.gradientClip = clip
        options.heldOutPerMille = split
        options.earlyStopping = patience.map {
            EarlyStopping(interval: evaluateEvery, patience: $0)
        }
        // Whole gradients of a small model take less room than projected ones of a large one.
        options.projectionColumns = columns ?? (model.hiddenSize <= 256 ? 0 : 512)
        do {
            return try options.recipe(
                records: records,
                model: model,
                seed: taggedHash(HashTag("openledger/recipe-seed/v1"), Array(seed.utf8))
            )
        } catch {
            throw CommandFailure(.badInput, "the recipe is out of range: \(error)")
        }
    }

    private func selection(_ model: ModelConfiguration) throws -> TargetSelection? {
        guard let targets else { return nil }
        do {
            return try TargetSelection(targets, for: model)
        } catch {
            throw CommandFailure(.badInput, "--targets \(targets): \(error)")
        }
    }
}
