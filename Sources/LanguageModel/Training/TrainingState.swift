// A snapshot of a run: everything that the next step needs beside recipe, model and records.

import ExactMath

/// The adapter, both moments of AdamW, and how many steps were made.
package struct TrainingState: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        case wrongLength(expected: Int, found: Int)
        case stepOutOfRange(UInt64)
        case notFinite
    }

    package internal(set) var step: Int
    package internal(set) var adapter: LoRAAdapter
    /// One array a LoRA tensor: A, then B, module after module.
    var first: [[Float]]
    var second: [[Float]]

    /// The state before the first step, from the recipe's seed as PEFT distributes it:
    /// A uniform in ±1/√in, B and the moments zero.
    package init(
        recipe: TrainingRecipe,
        configuration: ModelConfiguration
    ) throws(ModelError) {
        var modules: [LoRAModule] = []
        for layer in 0..<configuration.layers {
            for linear in recipe.targets {
                let shape = configuration.shape(of: linear)
                modules.append(
                    LoRAModule(
                        site: LoRASite(layer: layer, linear: linear),
                        a: Self.initialA(recipe, layer, linear, columns: shape.columns),
                        b: Matrix(rows: shape.rows, columns: recipe.rank)
                    )
                )
            }
        }
        do throws(LoRAAdapter.Failure) {
            adapter = try LoRAAdapter(
                rank: recipe.rank,
                alpha: recipe.alpha,
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
    }

    /// The distance between the random streams of two layers; a family's matrices stay distinct.
    private static let streamsOfLayer = 7

    private static func initialA(
        _ recipe: TrainingRecipe,
        _ layer: Int,
        _ linear: LinearLayer,
        columns: Int
    ) -> Matrix {
        let stream = UInt64(layer * Self.streamsOfLayer) + UInt64(linear.rawValue)
        var generator = KeyedGenerator(
            seed: recipe.seed,
            domain: SeedDomain.initialAdapter,
            stream: stream
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
}

/// What the recipe's seed is used for; each use has its own random stream.
enum SeedDomain {
    static let initialAdapter: UInt32 = 1
    static let dataOrder: UInt32 = 2
}

extension TrainingState {
    /// Canonical bytes, little-endian: step (u64), then for each of adapter, first and second
    /// moments every LoRA tensor as float32.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: UInt64(step) >> UInt64(shift)))
        }
        for module in adapter.modules {
            bytes += FloatBytes.encode(module.a.values)
            bytes += FloatBytes.encode(module.b.values)
        }
        for tensor in first + second { bytes += FloatBytes.encode(tensor) }
        return bytes
    }

    /// Reads a snapshot of the run that recipe and model describe.
    package init(
        bytes: [UInt8],
        recipe: TrainingRecipe,
        configuration: ModelConfiguration
    ) throws(Failure) {
        guard let empty = try? TrainingState(recipe: recipe, configuration: configuration) else {
            throw .notFinite
        }
        self = empty
        let expected = 8 + 12 * first.reduce(0) { $0 + $1.count }
        guard bytes.count == expected else {
            throw .wrongLength(expected: expected, found: bytes.count)
        }
        var number: UInt64 = 0
        for (index, byte) in bytes[..<8].enumerated() {
            number |= UInt64(byte) << UInt64(8 * index)
        }
        guard number <= UInt64(recipe.steps) else { throw .stepOutOfRange(number) }
        step = Int(number)
        var rest = bytes[8...]
        func take(_ count: Int) throws(Failure) -> [Float] {
            let values = FloatBytes.decode(rest.prefix(count * 4))
            rest = rest.dropFirst(count * 4)
            guard Matrix(rows: 1, columns: count, values: values).isFinite else {
                throw .notFinite
            }
            return values
        }
        for index in adapter.modules.indices {
            let module = adapter.modules[index]
            adapter.modules[index].a.values = try take(module.a.values.count)
            adapter.modules[index].b.values = try take(module.b.values.count)
        }
        for index in first.indices { first[index] = try take(first[index].count) }
        for index in second.indices { second[index] = try take(second[index].count) }
    }
}
