// A LoRA adapter in memory: y = W x + scaling · B (A x).

package import ExactMath

/// One pair of low-rank matrices.
package struct LoRAModule: Sendable, Equatable {
    package let site: LoRASite
    /// [rank, in]
    package var a: Matrix
    /// [out, rank]
    package var b: Matrix

    package init(site: LoRASite, a: Matrix, b: Matrix) {
        self.site = site
        self.a = a
        self.b = b
    }
}

/// Every pair of an adapter, all of one rank.
///
/// Invariants: modules are sorted by site without repetition; every A has `rank` rows and every B
/// `rank` columns; all values are finite.
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
    }

    package static let maximumRank = 256

    package let rank: Int
    package let alpha: Float
    /// alpha / rank, or alpha / √rank for rank-stabilised adapters.
    package let scaling: Float
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
            let path = module.site.path
            if index > 0, sorted[index - 1].site == module.site { throw .repeatedModule(path) }
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
        }
        self.rank = rank
        self.alpha = alpha
        // One rounding, so that it is also what PEFT's float64 gives.
        let divisor = rankStabilised ? Double(rank).squareRoot() : Double(rank)
        scaling = Float(Double(alpha) / divisor)
        self.modules = sorted
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
                    expected: [rank, shape.columns],
                    found: [module.a.rows, module.a.columns]
                )
            }
            guard module.b.rows == shape.rows else {
                throw .wrongShape(
                    path + ".lora_B",
                    expected: [shape.rows, rank],
                    found: [module.b.rows, module.b.columns]
                )
            }
        }
    }
}
