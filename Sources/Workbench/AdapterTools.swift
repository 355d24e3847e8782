// What an adapter holds, how two differ, and a model with an adapter worked into its weights.

import ExactMath
import Factory
import Foundation
package import JSON
package import LanguageModel

package enum AdapterTools {
    /// Settings, canonical root and one row a pair with the norms of A, B and their product.
    package static func inspect(
        _ folder: String,
        _ bundle: ModelBundle
    ) throws(WorkbenchError) -> JSON {
        let adapter = try LocalModel.adapter(folder, for: bundle.configuration)
        var pairs: [JSON] = []
        var parameters = 0
        for module in adapter.modules {
            parameters += module.a.values.count + module.b.values.count
            pairs.append([
                "module": .string(module.site.path),
                "in": .integer(module.a.columns), "out": .integer(module.b.rows),
                "norm_a": .real(norm(module.a.values)), "norm_b": .real(norm(module.b.values)),
                "norm_update": .real(norm(try update(module, adapter).values)),
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

    /// One row for every pair of either adapter: the largest difference of an element of A and of
    /// B, and the norm of the difference of what both add to the weights. Null stands for a pair
    /// that one of them lacks, or whose rank differs.
    package static func diff(
        _ first: String,
        _ second: String,
        _ model: ModelConfiguration
    ) throws(WorkbenchError) -> JSON {
        let left = try LocalModel.adapter(first, for: model)
        let right = try LocalModel.adapter(second, for: model)
        let sites = Set((left.modules + right.modules).map(\.site)).sorted()
        var rows: [JSON] = []
        for site in sites {
            let a = left.modules.first { $0.site == site }
            let b = right.modules.first { $0.site == site }
            rows.append([
                "module": .string(site.path), "equal": .bool(a == b),
                "largest_a": .real(largest(a?.a.values, b?.a.values)),
                "largest_b": .real(largest(a?.b.values, b?.b.values)),
                "norm_update": .real(try distance(a, left, b, right)),
            ])
        }
        return [
            "identical": .bool(left == right),
            "scaling": .array([.real(Double(left.scaling)), .real(Double(right.scaling))]),
            "pairs": .array(rows),
        ]
    }

    /// Writes `model.safetensors` in float32 with `W + scaling · B A` in place of each adapted W,
    /// and copies the model's other files beside it.
    ///
    /// - Parameters:
    ///   - path: a Hugging Face folder: what is written is one as well.
    ///   - into: a folder that does not exist yet; it appears whole or not at all.
    package static func merge(
        model path: String,
        adapter folder: String,
        into: String
    ) throws(WorkbenchError) -> JSON {
        let source = try LocalModel.files(path)
        let bundle = try LocalModel.bundle(of: source, at: path)
        let adapter = try LocalModel.adapter(folder, for: bundle.configuration)
        guard !FileManager.default.fileExists(atPath: into) else {
            throw .badOption("\(into) exists already; remove it or choose another folder")
        }
        guard case .folder(_, _, let files, _) = source else {
            throw .badOption("\(path) is no Hugging Face folder; a GGUF file cannot be merged into")
        }
        var merged: [NamedTensor] = []
        var rest = adapter.modules
        for file in files { merged += try mergedTensors(file.bytes, adapter, &rest) }
        if let missing = rest.first {
            throw .failed("the model has no tensor \(missing.site.path).weight")
        }
        let weights = SafetensorsWriter.write(
            merged.map { SafetensorsItem($0) },
            metadata: [("format", "pt")]
        )
        try write(weights, from: path, to: into)
        return [
            "folder": .string(into), "tensors": .integer(merged.count),
            "merged": .integer(adapter.modules.count), "bytes": .integer(weights.count),
        ]
    }

    /// - Parameter rest: the pairs that no tensor has taken yet.
    private static func mergedTensors(
        _ weights: [UInt8],
        _ adapter: LoRAAdapter,
        _ rest: inout [LoRAModule]
    ) throws(WorkbenchError) -> [NamedTensor] {
        var tensors: [NamedTensor] = []
        do {
            let file = try SafetensorsFile(weights)
            for entry in file.entries {
                var values = try file.floats(of: entry)
                if let place = rest.firstIndex(where: { isWeight(entry.name.text, of: $0.site) }) {
                    values = try merged(rest.remove(at: place), adapter, into: values)
                }
                tensors.append(NamedTensor(name: entry.name, shape: entry.shape, values: values))
            }
        } catch let error as WorkbenchError {
            throw error
        } catch {
            throw .failed("the weights cannot be merged: \(error)")
        }
        return tensors
    }

    /// GPT-2's first files lack the prefix `transformer.`.
    private static func isWeight(_ name: String, of site: LoRASite) -> Bool {
        let wanted = site.path + ".weight"
        return name == wanted || "transformer." + name == wanted
    }

    /// A weight's values as the file keeps them, with the pair's product added.
    private static func merged(
        _ module: LoRAModule,
        _ adapter: LoRAAdapter,
        into values: [Float]
    ) throws -> [Float] {
        let own = try update(module, adapter)
        let added = module.site.linear.isStoredTransposed ? Layers.transposed(own) : own
        var matrix = Matrix(rows: added.rows, columns: added.columns, values: values)
        try Layers.add(added, to: &matrix)
        return matrix.values
    }

    private static func write(
        _ weights: [UInt8],
        from path: String,
        to into: String
    ) throws(WorkbenchError) {
        let manager = FileManager.default
        let target = URL(filePath: into)
        let draft = target.deletingLastPathComponent().appending(
            path: ".\(target.lastPathComponent).\(UUID().uuidString)"
        )
        do {
            try manager.createDirectory(at: draft, withIntermediateDirectories: true)
            for name in try manager.contentsOfDirectory(atPath: path).sorted()
            where name.hasSuffix(".json") || name.hasSuffix(".jinja") || name == "README.md" {
                guard !name.hasSuffix(".index.json") else { continue }
                try manager.copyItem(
                    at: URL(filePath: path).appending(path: name),
                    to: draft.appending(path: name)
                )
            }
            try Data(weights).write(to: draft.appending(path: "model.safetensors"))
            try manager.moveItem(at: draft, to: target)
        } catch {
            try? manager.removeItem(at: draft)
            throw .failed("cannot write \(into): \((error as NSError).localizedDescription)")
        }
    }

    /// scaling · B A, [out, in].
    private static func update(
        _ module: LoRAModule,
        _ adapter: LoRAAdapter
    ) throws(WorkbenchError) -> Matrix {
        guard module.magnitude == nil else {
            throw .failed("\(module.site.path) has DoRA magnitudes, which no product stands for")
        }
        do throws(ExactMathError) {
            var product = try Contraction.product(module.b, QuantizedMatrix(module.a))
            try Layers.multiply(&product, by: adapter.scaling(of: module))
            return product
        } catch {
            throw .failed("the product of \(module.site.path) has no result: \(error)")
        }
    }

    private static func distance(
        _ a: LoRAModule?,
        _ left: LoRAAdapter,
        _ b: LoRAModule?,
        _ right: LoRAAdapter
    ) throws(WorkbenchError) -> Double? {
        guard let a, let b else { return nil }
        let (first, second) = (try update(a, left), try update(b, right))
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
