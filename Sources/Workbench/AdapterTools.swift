// What an adapter holds, and how two differ.

import ExactMath
package import JSON
package import LanguageModel

package enum AdapterTools {
    /// Settings, canonical root and one row a pair with the norms of A, B, the magnitudes (DoRA)
    /// and of what they add to the weight.
    package static func inspect(
        _ folder: String,
        _ bundle: ModelBundle
    ) throws(WorkbenchError) -> JSON {
        let adapter = try LocalModel.adapter(folder, for: bundle.configuration)
        var pairs: [JSON] = []
        var parameters = 0
        for module in adapter.modules {
            parameters += module.a.values.count + module.b.values.count
            parameters += module.magnitude?.count ?? 0
            pairs.append([
                "module": .string(module.site.path),
                "in": .integer(module.a.columns), "out": .integer(module.b.rows),
                "norm_a": .real(norm(module.a.values)), "norm_b": .real(norm(module.b.values)),
                "norm_magnitude": .real(module.magnitude.map { norm($0) }),
                "norm_update": .real(norm(try update(module, adapter, bundle.model).values)),
            ])
        }
        return [
            "path": .string(folder),
            "canonical_root": .string(
                "\(CanonicalRoot.adapter(adapter, base: bundle.weightsRoot))"
            ),
            "base_root": .string("\(bundle.weightsRoot)"),
            "rank": .integer(adapter.rank), "alpha": .real(Double(adapter.alpha)),
            "scaling": .real(Double(adapter.scaling)),
            "parameters": .integer(parameters), "pairs": .array(pairs),
        ]
    }

    /// One row for every pair of either adapter: the largest difference of an element of A, of B
    /// and of the magnitudes (DoRA), and the norm of the difference of what both add to the
    /// weights. Null stands for what one of them lacks, or has in another rank.
    package static func diff(
        _ first: String,
        _ second: String,
        _ model: DecoderModel
    ) throws(WorkbenchError) -> JSON {
        let left = try LocalModel.adapter(first, for: model.configuration)
        let right = try LocalModel.adapter(second, for: model.configuration)
        let sites = Set((left.modules + right.modules).map(\.site)).sorted()
        var rows: [JSON] = []
        for site in sites {
            let a = left.modules.first { $0.site == site }
            let b = right.modules.first { $0.site == site }
            rows.append([
                "module": .string(site.path), "equal": .bool(a == b),
                "largest_a": .real(largest(a?.a.values, b?.a.values)),
                "largest_b": .real(largest(a?.b.values, b?.b.values)),
                "largest_magnitude": .real(largest(a?.magnitude, b?.magnitude)),
                "norm_update": .real(try distance(a, left, b, right, model)),
            ])
        }
        return [
            "identical": .bool(left == right),
            "scaling": .array([.real(Double(left.scaling)), .real(Double(right.scaling))]),
            "pairs": .array(rows),
        ]
    }

    /// What the adapter adds to a weight, [out, in]: scaling · B A, or with magnitudes (DoRA) the
    /// merged matrix less the base's.
    private static func update(
        _ module: LoRAModule,
        _ adapter: LoRAAdapter,
        _ model: DecoderModel
    ) throws(WorkbenchError) -> Matrix {
        let scale = adapter.scaling(of: module)
        do throws(ExactMathError) {
            var sum = Matrix(rows: module.b.rows, columns: module.a.columns)
            guard let magnitude = module.magnitude else {
                try Layers.merge(module.b, module.a, scale: scale, magnitude: nil, into: &sum)
                return sum
            }
            let base = model.weights.layers[module.site.layer][module.site.linear]
            let own = try base.gather((0..<UInt32(base.rows)).map { $0 })
            sum = own
            try Layers.merge(module.b, module.a, scale: scale, magnitude: magnitude, into: &sum)
            try Layers.add(own, scale: -1, to: &sum)
            return sum
        } catch {
            throw .failed("what \(module.site.path) adds has no value: \(error)")
        }
    }

    private static func distance(
        _ a: LoRAModule?,
        _ left: LoRAAdapter,
        _ b: LoRAModule?,
        _ right: LoRAAdapter,
        _ model: DecoderModel
    ) throws(WorkbenchError) -> Double? {
        guard let a, let b else { return nil }
        let (first, second) = (try update(a, left, model), try update(b, right, model))
        return norm(zip(first.values, second.values).map { $0 - $1 })
    }

    private static func norm(_ values: [Float]) -> Double {
        Layers.sumOfSquares(values).squareRoot()
    }

    private static func largest(_ a: [Float]?, _ b: [Float]?) -> Double? {
        guard let a, let b, a.count == b.count else { return nil }
        return Double(zip(a, b).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) })
    }
}
