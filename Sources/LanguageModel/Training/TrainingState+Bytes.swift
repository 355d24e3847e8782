// A snapshot's bytes.

import ExactMath

extension TrainingState {
    package enum Failure: Error, Equatable {
        case wrongLength(expected: Int, found: Int)
        case stepOutOfRange(UInt64)
        case notFinite
        /// A field of what early stopping remembers that no run leaves so.
        case impossible(String)
    }

    /// Canonical bytes, little-endian: step (u64), then for each of adapter, first and second
    /// moments every LoRA tensor as float32. With early stopping then: the best adapter likewise,
    /// its loss (float64), its step (u64), misses (u64), and 1 or 0 for stopped or not (u64).
    package var bytes: [UInt8] {
        var bytes = Self.encode(UInt64(step))
        bytes += Self.encode(adapter)
        for tensor in first + second { bytes += FloatBytes.encode(tensor) }
        if let stopping {
            bytes += Self.encode(stopping.best)
            bytes += Self.encode(stopping.bestLoss.bitPattern)
            bytes += Self.encode(UInt64(stopping.bestStep))
            bytes += Self.encode(UInt64(stopping.misses))
            bytes += Self.encode(stopping.isStopped ? 1 : 0)
        }
        return bytes
    }

    private static func encode(_ adapter: LoRAAdapter) -> [UInt8] {
        adapter.modules.flatMap {
            FloatBytes.encode($0.a.values) + FloatBytes.encode($0.b.values)
        }
    }

    private static func encode(_ number: UInt64) -> [UInt8] {
        stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
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
        let tensors = 4 * first.reduce(0) { $0 + $1.count }
        let expected = 8 + 3 * tensors + (stopping == nil ? 0 : tensors + 32)
        guard bytes.count == expected else {
            throw .wrongLength(expected: expected, found: bytes.count)
        }
        var reader = SnapshotReader(rest: bytes[...])
        let number = reader.number()
        guard number <= UInt64(recipe.steps) else { throw .stepOutOfRange(number) }
        step = Int(number)
        try reader.read(into: &adapter)
        for index in first.indices { first[index] = try reader.floats(first[index].count) }
        for index in second.indices { second[index] = try reader.floats(second[index].count) }
        if let rule = recipe.earlyStopping { try readStopping(&reader, rule) }
    }

    private mutating func readStopping(
        _ reader: inout SnapshotReader,
        _ rule: EarlyStopping
    ) throws(Failure) {
        guard var record = stopping else { return }
        try reader.read(into: &record.best)
        record.bestLoss = Double(bitPattern: reader.number())
        let bestStep = reader.number()
        let misses = reader.number()
        let stopped = reader.number()
        guard record.bestLoss.isFinite, record.bestLoss.sign == .plus else {
            throw .impossible("bestLoss")
        }
        guard bestStep <= UInt64(step) else { throw .impossible("bestStep") }
        guard misses <= UInt64(rule.patience) else { throw .impossible("misses") }
        guard stopped == (misses == UInt64(rule.patience) ? 1 : 0) else {
            throw .impossible("stopped")
        }
        record.bestStep = Int(bestStep)
        record.misses = Int(misses)
        record.isStopped = stopped == 1
        stopping = record
    }
}

/// Takes a snapshot's fields in order.
///
/// Invariant: the caller has checked the whole length.
private struct SnapshotReader {
    var rest: ArraySlice<UInt8>

    mutating func number() -> UInt64 {
        var number: UInt64 = 0
        for (index, byte) in rest.prefix(8).enumerated() {
            number |= UInt64(byte) << UInt64(8 * index)
        }
        rest = rest.dropFirst(8)
        return number
    }

    mutating func floats(_ count: Int) throws(TrainingState.Failure) -> [Float] {
        let values = FloatBytes.decode(rest.prefix(count * 4))
        rest = rest.dropFirst(count * 4)
        guard Matrix(rows: 1, columns: count, values: values).isFinite else { throw .notFinite }
        return values
    }

    mutating func read(into adapter: inout LoRAAdapter) throws(TrainingState.Failure) {
        for index in adapter.modules.indices {
            let module = adapter.modules[index]
            adapter.modules[index].a.values = try floats(module.a.values.count)
            adapter.modules[index].b.values = try floats(module.b.values.count)
        }
    }
}
