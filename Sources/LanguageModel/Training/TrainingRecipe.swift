// Everything that a training run derives from: with the model and the records, it fixes every bit.

package import Primitives

/// How the learning rate moves after the warm-up.
package enum LearningRateSchedule: UInt8, Sendable {
    case constant = 0
    /// Falls in a straight line to zero after the last step.
    case linear
    /// Falls along half a cosine to zero after the last step.
    case cosine
}

/// Which tokens of a record are targets.
package enum LossTokens: UInt8, Sendable, CaseIterable {
    /// Those of the answer.
    case completion = 0
    /// All but the first.
    case all
}

/// What one place of a batch holds. No place is ever filled up: rows of a batch are computed apart,
/// so there is nothing that padding would be for.
package enum BatchPlaces: UInt8, Sendable {
    /// One record a place.
    case records = 0
    /// As many records a place as `maxTokens` holds. They share a place, not attention: each
    /// record starts at position 0 and sees itself alone.
    case packed
}

/// When to stop before the last step.
package struct EarlyStopping: Sendable, Equatable {
    /// Steps between two looks at the held-out records.
    package let interval: Int
    /// Looks in a row without a better loss after which the run stops.
    package let patience: Int
    /// A loss counts as better when it is lower by more than this, in nats.
    package let minimumGain: Float

    package init(interval: Int, patience: Int, minimumGain: Float = 0) {
        self.interval = interval
        self.patience = patience
        self.minimumGain = minimumGain
    }
}

/// A committed recipe of a LoRA run.
///
/// Invariants: see `init`.
package struct TrainingRecipe: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case outOfRange(String)
        case unknownNumericsVersion(UInt16)
    }

    /// The version of docs/numerics.md that this code computes.
    package static let currentNumericsVersion: UInt16 = 1
    /// The version of the encoding. Bytes that begin with 1 are of the encoding that had no
    /// version of its own.
    package static let encodingVersion: UInt8 = 2

    package let numericsVersion: UInt16
    package let rank: Int
    package let alpha: Float
    /// Scale by alpha / √rank instead of alpha / rank.
    package let rankStabilised: Bool
    /// The part of each pair's input that a step leaves out.
    package let dropout: Float
    package let targets: TargetSelection
    package let learningRate: Float
    package let weightDecay: Float
    package let warmupSteps: Int
    package let schedule: LearningRateSchedule
    package let steps: Int
    /// Places of a batch.
    package let batchSize: Int
    /// Batches whose gradients one step adds up.
    package let accumulation: Int
    package let places: BatchPlaces
    /// Records are cut to this many tokens; those left without a target are not used.
    package let maxTokens: Int
    package let lossTokens: LossTokens
    /// The largest norm of a step's gradient; 0 leaves gradients as they are.
    package let gradientClip: Float
    /// Records of a thousand that are not trained on but held out, chosen by the seed.
    package let heldOutPerMille: Int
    package let earlyStopping: EarlyStopping?
    /// Steps in one verifiable unit.
    package let segmentSteps: Int
    /// Source of the initial adapter, of the order of records, of dropout and of the split.
    package let seed: Digest

    package init(
        rank: Int,
        alpha: Float,
        rankStabilised: Bool = false,
        dropout: Float = 0,
        targets: TargetSelection = [.query, .value],
        learningRate: Float,
        weightDecay: Float = 0,
        warmupSteps: Int = 0,
        schedule: LearningRateSchedule = .constant,
        steps: Int,
        batchSize: Int,
        accumulation: Int = 1,
        places: BatchPlaces = .records,
        maxTokens: Int,
        lossTokens: LossTokens = .completion,
        gradientClip: Float = 1,
        heldOutPerMille: Int = 0,
        earlyStopping: EarlyStopping? = nil,
        segmentSteps: Int,
        seed: Digest,
        numericsVersion: UInt16 = Self.currentNumericsVersion
    ) throws(Failure) {
        self.numericsVersion = numericsVersion
        self.rank = rank
        self.alpha = alpha
        self.rankStabilised = rankStabilised
        self.dropout = dropout
        self.targets = targets
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.warmupSteps = warmupSteps
        self.schedule = schedule
        self.steps = steps
        self.batchSize = batchSize
        self.accumulation = accumulation
        self.places = places
        self.maxTokens = maxTokens
        self.lossTokens = lossTokens
        self.gradientClip = gradientClip
        self.heldOutPerMille = heldOutPerMille
        self.earlyStopping = earlyStopping
        self.segmentSteps = segmentSteps
        self.seed = seed
        try check()
    }

    private func check() throws(Failure) {
        let stopping = earlyStopping ?? EarlyStopping(interval: 1, patience: 1)
        let conditions: [(Bool, String)] = [
            ((1...LoRAAdapter.maximumRank).contains(rank), "rank"),
            (alpha > 0 && alpha <= 65536, "alpha"),
            (dropout >= 0 && dropout <= 0.9, "dropout"),
            (targets.isValid, "targets"),
            (learningRate > 0 && learningRate <= 1, "learningRate"),
            (weightDecay >= 0 && weightDecay <= 1, "weightDecay"),
            ((0...1_000_000).contains(warmupSteps), "warmupSteps"),
            ((1...1_000_000).contains(steps), "steps"),
            ((1...1024).contains(batchSize), "batchSize"),
            ((1...1024).contains(accumulation), "accumulation"),
            ((2...65535).contains(maxTokens), "maxTokens"),
            (gradientClip >= 0 && gradientClip <= 65536, "gradientClip"),
            ((0...500).contains(heldOutPerMille), "heldOutPerMille"),
            (earlyStopping == nil || heldOutPerMille > 0, "earlyStopping"),
            (stopping.interval >= 1 && stopping.interval <= steps, "earlyStopping.interval"),
            ((1...1000).contains(stopping.patience), "earlyStopping.patience"),
            (
                stopping.minimumGain >= 0 && stopping.minimumGain <= 65536,
                "earlyStopping.minimumGain"
            ),
            (segmentSteps >= 1 && segmentSteps <= steps, "segmentSteps"),
        ]
        for (holds, name) in conditions where !holds { throw .outOfRange(name) }
        guard numericsVersion == Self.currentNumericsVersion else {
            throw .unknownNumericsVersion(numericsVersion)
        }
    }

    /// Units of the run: the last one may be shorter, and a run that stops early has fewer.
    package var segmentCount: Int { (steps + segmentSteps - 1) / segmentSteps }

    /// The steps of one unit.
    /// - Precondition: `index < segmentCount`.
    package func segment(_ index: Int) -> Range<Int> {
        precondition((0..<segmentCount).contains(index))
        return index * segmentSteps..<min(steps, (index + 1) * segmentSteps)
    }
}
