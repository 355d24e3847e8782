// A snapshot of a run: everything that the next step needs beside recipe, model and records.

import ExactMath

/// The adapter, both moments of AdamW, how many steps were made, and what early stopping remembers.
package struct TrainingState: Sendable, Equatable {
    package internal(set) var step: Int
    package internal(set) var adapter: LoRAAdapter
    /// One array a LoRA tensor: A, then B, module after module.
    var first: [[Float]]
    var second: [[Float]]
    /// Nil unless the recipe stops early.
    package internal(set) var stopping: StoppingState?

    /// The state before the first step, from the recipe's seed as PEFT distributes it:
    /// A uniform in ±1/√in, B and the moments zero.
    package init(
        recipe: TrainingRecipe,
        configuration: ModelConfiguration
    ) throws(ModelError) {
        if let highest = recipe.targets.highestNamedLayer, highest >= configuration.layers {
            throw .adapterMismatch(
                .layerOutOfRange("model.layers.\(highest)", layers: configuration.layers)
            )
        }
        let modules = recipe.targets.sites(layers: configuration.layers).map { site in
            let shape = configuration.shape(of: site.linear)
            return LoRAModule(
                site: site,
                a: Self.initialA(recipe, site, columns: shape.columns),
                b: Matrix(rows: shape.rows, columns: recipe.rank)
            )
        }
        do throws(LoRAAdapter.Failure) {
            adapter = try LoRAAdapter(
                rank: recipe.rank,
                alpha: recipe.alpha,
                rankStabilised: recipe.rankStabilised,
                modules: modules
            )
            try adapter.validate(for: configuration)
        } catch {
            throw .adapterMismatch(error)
        }
        first = modules.flatMap { module in
            [module.a, module.b].map { [Float](repeating: 0, count: $0.values.count) }
        }
        second = first
        step = 0
        stopping = recipe.earlyStopping.map { _ in StoppingState(adapter) }
    }

    /// The distance between the random streams of two layers; a family's matrices stay distinct.
    private static let streamsOfLayer = 7

    private static func initialA(
        _ recipe: TrainingRecipe,
        _ site: LoRASite,
        columns: Int
    ) -> Matrix {
        let first = UInt64(site.layer * Self.streamsOfLayer)
        var generator = KeyedGenerator(
            seed: recipe.seed,
            domain: SeedDomain.initialAdapter,
            stream: first + UInt64(site.linear.rawValue)
        )
        let bound = Float(1 / Double(columns).squareRoot())
        return Matrix(
            rows: recipe.rank,
            columns: columns,
            values: (0..<recipe.rank * columns).map { _ in
                generator.nextSymmetric() * bound + 0
            }
        )
    }

    /// Whether no step is left: all are made, or the run stopped early.
    package func isFinished(_ recipe: TrainingRecipe) -> Bool {
        step >= recipe.steps || stopping?.isStopped == true
    }

    /// What the run yields if it ends here: with early stopping the adapter of the best look, else
    /// that of the last step.
    package var result: LoRAAdapter { stopping?.best ?? adapter }
}

/// What a recipe's seed is used for; each use has its own random stream.
enum SeedDomain {
    static let initialAdapter: UInt32 = 1
    static let dataOrder: UInt32 = 2
    static let heldOut: UInt32 = 3
    static let packing: UInt32 = 4
    static let dropout: UInt32 = 5
}

/// What early stopping remembers between steps.
package struct StoppingState: Sendable, Equatable {
    /// Steps made at the best look; 0 before the first one.
    package internal(set) var bestStep = 0
    /// The held-out records' mean loss then, in nats; 0 before the first look.
    package internal(set) var bestLoss = 0.0
    /// Looks since without a better loss.
    package internal(set) var misses = 0
    package internal(set) var isStopped = false
    /// The adapter of the best look.
    package internal(set) var best: LoRAAdapter

    init(_ adapter: LoRAAdapter) { best = adapter }
}

extension TrainingState {
    /// One look at the held-out records, by the rule of the recipe.
    mutating func note(heldOutLoss loss: Double, _ rule: EarlyStopping) {
        guard var record = stopping else { return }
        if record.bestStep == 0 || loss < record.bestLoss - Double(rule.minimumGain) {
            record.bestStep = step
            record.bestLoss = loss
            record.misses = 0
            record.best = adapter
        } else {
            record.misses += 1
            record.isStopped = record.misses >= rule.patience
        }
        stopping = record
    }
}
