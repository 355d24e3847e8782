import ExactMath
import Primitives

/// The masks of one batch: one for each pair, on what enters it. W x itself drops nothing.
struct DropoutMasks: Sendable {
    private let seed: Digest
    private let probability: Float
    private let step: Int
    private let batch: Int

    /// Returns nil for a recipe without dropout.
    /// - Parameters:
    ///   - step: counted from 0.
    ///   - batch: which of the step's batches.
    init?(_ recipe: TrainingRecipe, step: Int, batch: Int) {
        guard recipe.dropout > 0 else { return nil }
        seed = recipe.seed
        probability = recipe.dropout
        self.step = step
        self.batch = batch
    }

    /// Steps are below 2^20, batches of a step below 2^16, layers below 2^16.
    func mask(_ layer: Int, _ linear: LinearLayer) -> DropoutMask {
        let place = UInt64(batch) << 24 | UInt64(layer) << 8 | UInt64(linear.rawValue)
        return DropoutMask(
            seed: seed,
            domain: SeedDomain.dropout,
            stream: UInt64(step) << 40 | place,
            probability: probability
        )
    }
}

extension PreparedAdapter {
    /// What enters the pair of a matrix while training with dropout: x with the mask applied; nil
    /// where nothing is dropped.
    func dropped(
        _ x: Matrix,
        _ layer: Int,
        _ linear: LinearLayer
    ) throws(ExactMathError) -> Matrix? {
        guard let dropout, pair(layer, linear) != nil else { return nil }
        return try dropout.mask(layer, linear).applied(to: x)
    }
}
