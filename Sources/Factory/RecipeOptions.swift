// Recipes for those who do not want to choose everything.

package import Jobs
package import LanguageModel
package import Primitives

/// What a builder may choose of a recipe; nil is left to what fits model and records.
package struct RecipeOptions: Sendable, Equatable {
    package var rank = 8
    /// Twice the rank.
    package var alpha: Float?
    package var rankStabilised = false
    package var dropout: Float = 0
    /// `RecipeDefaults.targets(of:)`.
    package var targets: TargetSelection?
    package var learningRate: Float?
    package var weightDecay: Float = 0
    /// A twentieth of the steps.
    package var warmupSteps: Int?
    package var schedule = LearningRateSchedule.linear
    /// As many as three epochs take, from 20 to 600.
    package var steps: Int?
    package var batchSize = 8
    package var accumulation = 1
    package var places = BatchPlaces.records
    /// 512, or the model's context if that is shorter.
    package var maxTokens: Int?
    package var lossTokens = LossTokens.completion
    package var gradientClip: Float = 1
    package var heldOutPerMille = 0
    package var earlyStopping: EarlyStopping?
    /// At most 32 units, of which a committee of usual size re-runs half; 16 or fewer it re-runs whole.
    package var segmentSteps: Int?
    /// Columns that a gradient is projected to in the index; 0 keeps it whole.
    package var projectionColumns = 0

    package init() {}

    /// - Parameters:
    ///   - records: how many the snapshot has.
    ///   - seed: what the adapter's bits derive from.
    package func recipe(
        records: Int,
        model: ModelConfiguration,
        seed: Digest
    ) throws(TrainingRecipe.Failure) -> AdapterRecipe {
        let perStep = max(1, batchSize) * max(1, accumulation)
        let steps = steps ?? min(600, max(20, (3 * records + perStep - 1) / perStep))
        let training = try TrainingRecipe(
            rank: rank,
            alpha: alpha ?? Float(2 * rank),
            rankStabilised: rankStabilised,
            dropout: dropout,
            targets: targets ?? TargetSelection(RecipeDefaults.targets(of: model)),
            learningRate: learningRate ?? RecipeDefaults.learningRate(of: model),
            weightDecay: weightDecay,
            warmupSteps: warmupSteps ?? steps / 20,
            schedule: schedule,
            steps: steps,
            batchSize: batchSize,
            accumulation: accumulation,
            places: places,
            maxTokens: maxTokens ?? min(model.contextLength, 512),
            lossTokens: lossTokens,
            gradientClip: gradientClip,
            heldOutPerMille: heldOutPerMille,
            earlyStopping: earlyStopping,
            segmentSteps: segmentSteps ?? max(1, (steps + 31) / 32),
            seed: seed
        )
        guard let recipe = AdapterRecipe(training: training, projectionColumns: projectionColumns)
        else { throw .outOfRange("projectionColumns") }
        return recipe
    }
}

package enum RecipeDefaults {
    /// Models narrower than this learn little through q and v alone, and little from the steps
    /// that larger ones need.
    private static let smallWidth = 256

    /// The layers that get an adapter: q and v, or the matrix that holds them, and in a small
    /// model all but k.
    package static func targets(of model: ModelConfiguration) -> [LinearLayer] {
        let attention: [LinearLayer] = [.query, .value, .fusedAttention]
        return model.description.linears.filter {
            attention.contains($0) || (model.hiddenSize < smallWidth && $0 != .key)
        }
    }

    static func learningRate(of model: ModelConfiguration) -> Float {
        model.hiddenSize < smallWidth ? 1e-2 : 1e-3
    }
}
