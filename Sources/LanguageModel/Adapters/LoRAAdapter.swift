// A LoRA adapter in memory: y = W x + scaling · B (A x), or DoRA's form of it.

package import ExactMath

/// One pair of low-rank matrices.
package struct LoRAModule: Sendable, Equatable {
    package let site: LoRASite
    /// [rank, in]
    package var a: Matrix
    /// [out, rank]
    package var b: Matrix
    /// The pair's own alpha where it or the rank differ from the adapter's (`rank_pattern`,
    /// `alpha_pattern`).
    package let alpha: Float?
    /// DoRA's magnitude of each output [out] (Liu et al., 2024); such a pair is not trained here.
    package let magnitude: [Float]?

    package init(
        site: LoRASite,
        a: Matrix,
        b: Matrix,
        alpha: Float? = nil,
        magnitude: [Float]? = nil
    ) {
        self.site = site
        self.a = a
        self.b = b
        self.alpha = alpha
        self.magnitude = magnitude
    }

    package var rank: Int { a.rows }
}

/// Every pair of an adapter.
///
/// Invariants: modules are sorted by site without repetition; every B has as many columns as its A
/// has rows, which are `rank` where the module has no alpha of its own; all values are finite.
package struct LoRAAdapter: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case rankOutOfRange(Int)
        case noModules
        case repeatedModule(String)
        case wrongShape(String, expected: [Int], found: [Int])
        case layerOutOfRange(String, layers: Int)
        /// The model's family has no such matrix.
        case unknownMatrix(String)
        case notFinite(String)
        /// DoRA's magnitudes need the model's weights, and are not trained.
        case hasMagnitudes(String)
    }

    package static let maximumRank = 256

    package let rank: Int
    package let alpha: Float
    /// Scale by alpha / √rank instead of alpha / rank (Kalajdzievski, 2023).
    package let isRankStabilised: Bool
    package internal(set) var modules: [LoRAModule]

    package init(
        rank: Int,
        alpha: Float,
        rankStabilised: Bool = false,
        modules: [LoRAModule]
    ) throws(Failure) {
        guard (1...Self.maximumRank).contains(rank) else { throw .rankOutOfRange(rank) }
        guard alpha.isFinite else { throw .notFinite("alpha") }
        guard !modules.isEmpty else { throw .noModules }
        let sorted = modules.sorted { $0.site < $1.site }
        for (index, module) in sorted.enumerated() {
            if index > 0, sorted[index - 1].site == module.site {
                throw .repeatedModule(module.site.path)
            }
            try Self.validate(module, rank: module.alpha == nil ? rank : module.rank)
        }
        self.rank = rank
        self.alpha = alpha
        isRankStabilised = rankStabilised
        self.modules = sorted
    }

    private static func validate(_ module: LoRAModule, rank: Int) throws(Failure) {
        let path = module.site.path
        guard (1...maximumRank).contains(rank) else { throw .rankOutOfRange(rank) }
        guard module.a.rows == rank else {
            throw .wrongShape(
                path + ".lora_A",
                expected: [rank, module.a.columns],
                found: [module.a.rows, module.a.columns]
            )
        }
        guard module.b.columns == rank else {
            throw .wrongShape(
                path + ".lora_B",
                expected: [module.b.rows, rank],
                found: [module.b.rows, module.b.columns]
            )
        }
        guard module.a.isFinite else { throw .notFinite(path + ".lora_A") }
        guard module.b.isFinite else { throw .notFinite(path + ".lora_B") }
        guard module.alpha?.isFinite ?? true else { throw .notFinite(path + ".alpha") }
        guard let magnitude = module.magnitude else { return }
        let name = path + ".lora_magnitude_vector"
        guard magnitude.count == module.b.rows else {
            throw .wrongShape(name, expected: [module.b.rows], found: [magnitude.count])
        }
        guard magnitude.allSatisfy(\.isFinite) else { throw .notFinite(name) }
    }

    /// Of the pairs that have no alpha of their own.
    package var scaling: Float {
        Self.scaling(alpha: alpha, rank: rank, rankStabilised: isRankStabilised)
    }

    package func scaling(of module: LoRAModule) -> Float {
        Self.scaling(
            alpha: module.alpha ?? alpha,
            rank: module.rank,
            rankStabilised: isRankStabilised
        )
    }

    package static func scaling(alpha: Float, rank: Int, rankStabilised: Bool) -> Float {
        // One rounding, so that it is also what PEFT's float64 gives.
        let divisor = rankStabilised ? Double(rank).squareRoot() : Double(rank)
        return Float(Double(alpha) / divisor)
    }

    /// Throws unless every pair fits the matrix it attaches to.
    package func validate(for configuration: ModelConfiguration) throws(Failure) {
        for module in modules {
            let path = module.site.path
            guard module.site.layer < configuration.layers else {
                throw .layerOutOfRange(path, layers: configuration.layers)
            }
            guard configuration.description.linears.contains(module.site.linear) else {
                throw .unknownMatrix(path)
            }
            let shape = configuration.shape(of: module.site.linear)
            guard module.a.columns == shape.columns else {
                throw .wrongShape(
                    path + ".lora_A",
                    expected: [module.rank, shape.columns],
                    found: [module.a.rows, module.a.columns]
                )
            }
            guard module.b.rows == shape.rows else {
                throw .wrongShape(
                    path + ".lora_B",
                    expected: [shape.rows, module.rank],
                    found: [module.b.rows, module.b.columns]
                )
            }
        }
    }
}
