import ExactMath
import Foundation
import JSON
import LanguageModel
import Testing
import Workbench

@Suite("Workbench: adapters") struct AdapterToolsTests {
    let folder = FileManager.default.temporaryDirectory.appending(path: "adapter-tools-\(UUID())")

    /// Writes a PEFT folder and returns its path.
    func write(_ adapter: LoRAAdapter, _ name: String) throws -> String {
        let files = PEFTAdapter(adapter, baseModel: "small")
        let target = folder.appending(path: name)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        try Data(files.configuration.json).write(to: target.appending(path: "adapter_config.json"))
        try Data(files.weights).write(to: target.appending(path: "adapter_model.safetensors"))
        return target.path
    }

    @Test("an adapter equals itself, and one changed element is found in its pair")
    func diff() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let model = try LocalModel.bundle(ModelToolsTests.small).model
        let adapter = try AttributionToolsTests.adapter(model.configuration)
        var modules = adapter.modules
        modules[1].b.values[3] += 0.25
        let other = try LoRAAdapter(rank: 2, alpha: 4, modules: modules)
        let (first, second) = (try write(adapter, "a"), try write(other, "b"))
        #expect(try AdapterTools.diff(first, first, model)["identical"] == true)
        let answer = try AdapterTools.diff(first, second, model)
        #expect(answer["identical"] == false)
        let pairs = try #require(answer["pairs"]?.array)
        #expect(pairs.filter { $0["equal"] == false }.count == 1)
        #expect(pairs[1]["equal"] == false && pairs[1]["largest_b"]?.double == 0.25)
        #expect(pairs[1]["largest_a"] == 0 && pairs[0]["norm_update"] == 0)
        #expect(try #require(pairs[1]["norm_update"]?.double) > 0)
    }

    @Test("inspecting names rank, scaling, parameters and every pair")
    func inspect() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let bundle = try LocalModel.bundle(ModelToolsTests.small)
        let adapter = try AttributionToolsTests.adapter(bundle.configuration)
        let answer = try AdapterTools.inspect(write(adapter, "a"), bundle)
        #expect(answer["rank"] == 2 && answer["scaling"] == 2)
        #expect(answer["pairs"]?.array?.count == adapter.modules.count)
        #expect(
            answer["canonical_root"]
                == .string("\(CanonicalRoot.adapter(adapter, base: bundle.weightsRoot))")
        )
    }

    @Test("a merged model answers as model and adapter do, and takes no adapter again")
    func merge() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let bundle = try LocalModel.bundle(ModelToolsTests.small)
        let adapter = try AttributionToolsTests.adapter(bundle.configuration)
        let path = try write(adapter, "a")
        let into = folder.appending(path: "merged").path
        let answer = try Conversions.merge(model: ModelToolsTests.small, adapter: path, into: into)
        #expect(answer["merged"] == .integer(adapter.modules.count))
        let merged = try LocalModel.bundle(into)
        let ids = bundle.tokenizer.encode("Bread needs time to rise.")
        let prepared = try PreparedAdapter(adapter, for: bundle.model)
        let expected = try bundle.model.logits(ids, adapter: prepared)
        let found = try merged.model.logits(ids)
        let plain = try bundle.model.logits(ids)
        func distance(_ other: Matrix) -> Float {
            zip(expected.values, other.values).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        }
        #expect(distance(found) < 1e-3)
        #expect(distance(plain) > 100 * distance(found), "the adapter changes something")
        #expect(throws: WorkbenchError.self) {
            try Conversions.merge(model: ModelToolsTests.small, adapter: path, into: into)
        }
    }

    @Test("an adapter with magnitudes is inspected, compared and merged")
    func magnitudes() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let bundle = try LocalModel.bundle(ModelToolsTests.small)
        let plain = try AttributionToolsTests.adapter(bundle.configuration)
        func adapter(_ magnitude: Float) throws -> LoRAAdapter {
            let modules = plain.modules.map { module in
                let magnitudes = [Float](repeating: magnitude, count: module.b.rows)
                return LoRAModule(
                    site: module.site,
                    a: module.a,
                    b: module.b,
                    magnitude: magnitudes
                )
            }
            return try LoRAAdapter(rank: 2, alpha: 4, modules: modules)
        }
        let (first, second) = (try write(adapter(0.5), "c"), try write(adapter(0.75), "d"))
        let shown = try AdapterTools.inspect(first, bundle)
        let pair = try #require(shown["pairs"]?.array?.first)
        let rows = Double(plain.modules[0].b.rows)
        let norm = try #require(pair["norm_magnitude"]?.double)
        #expect(abs(norm - 0.5 * rows.squareRoot()) < 1e-6)
        let compared = try AdapterTools.diff(first, second, bundle.model)
        let row = try #require(compared["pairs"]?.array?.first)
        #expect(row["largest_magnitude"]?.double == 0.25 && row["largest_b"] == 0)
        // Rows of the merged matrices have the magnitudes as norms, so these differ by a quarter.
        let distance = try #require(row["norm_update"]?.double)
        #expect(abs(distance - 0.25 * rows.squareRoot()) < 1e-4)

        let into = folder.appending(path: "merged-dora").path
        _ = try Conversions.merge(model: ModelToolsTests.small, adapter: first, into: into)
        let merged = try LocalModel.bundle(into)
        let ids = bundle.tokenizer.encode("Bread needs time to rise.")
        let prepared = try PreparedAdapter(adapter(0.5), for: bundle.model)
        let expected = try bundle.model.logits(ids, adapter: prepared)
        let found = try merged.model.logits(ids)
        let largest = zip(expected.values, found.values).reduce(Float(0)) {
            max($0, abs($1.0 - $1.1))
        }
        #expect(largest < 1e-3)
    }
}
