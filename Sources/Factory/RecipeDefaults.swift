// Recipes for those who do not want to choose, and the split for those who want to measure.

package import Commitments
package import Jobs
package import LanguageModel
package import Primitives

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

    /// Rank 8 on `targets(of:)`; as many steps as three epochs take, within bounds; at most sixteen
    /// units, which a devnet's verifiers re-run whole.
    ///
    /// - Returns: nil when a value given by the caller is out of its range.
    package static func recipe(
        records: Int,
        model: ModelConfiguration,
        seed: Digest,
        rank: Int = 8,
        targets: [LinearLayer]? = nil,
        learningRate: Float? = nil,
        steps: Int? = nil,
        batchSize: Int = 8,
        projectionColumns: Int = 0
    ) -> AdapterRecipe? {
        let epochs = steps ?? min(600, max(20, (3 * records + batchSize - 1) / max(batchSize, 1)))
        let training = try? TrainingRecipe(
            rank: rank,
            alpha: Float(2 * rank),
            targets: targets ?? Self.targets(of: model),
            learningRate: learningRate ?? (model.hiddenSize < smallWidth ? 1e-2 : 1e-3),
            warmupSteps: epochs / 20,
            schedule: .linear,
            steps: epochs,
            batchSize: batchSize,
            maxTokens: min(model.contextLength, 512),
            segmentSteps: max(1, (epochs + 15) / 16),
            seed: seed
        )
        return training.flatMap {
            AdapterRecipe(training: $0, projectionColumns: projectionColumns)
        }
    }
}

/// A split by the records' own hashes: the same record falls on the same side in every dataset.
package struct DatasetSplit: Sendable, Equatable {
    package let training: [DataRecord]
    package let heldOut: [DataRecord]

    /// - Precondition: `perMille` is at most 1000.
    package init(_ records: [DataRecord], heldOutPerMille perMille: Int) {
        precondition((0...1000).contains(perMille))
        var training: [DataRecord] = []
        var heldOut: [DataRecord] = []
        for record in records {
            let hash = record.hash
            let part = Int(hash[0]) << 16 | Int(hash[1]) << 8 | Int(hash[2])
            let place = (part * 1000) >> 24
            if place < perMille { heldOut.append(record) } else { training.append(record) }
        }
        self.training = training
        self.heldOut = heldOut
    }
}
