// How bitsandbytes 0.50 makes its codes on a CPU, value by value. Every operation is one float32
// operation, so its codes have one value.

enum NF4Quantiser {
    /// The middles between neighbouring levels.
    private static let bounds: [Float] = zip(NF4Tables.levels, NF4Tables.levels.dropFirst()).map {
        ($0 + $1) / 2
    }

    /// Codes and the largest magnitude of each block; the last block may be shorter.
    static func codes(
        of values: [Float],
        block: Int
    ) -> (codes: [UInt8], scales: [Float]) {
        var codes: [UInt8] = []
        var scales: [Float] = []
        codes.reserveCapacity(values.count)
        for start in stride(from: 0, to: values.count, by: block) {
            let part = values[start..<min(values.count, start + block)]
            let largest = part.reduce(0) { max($0, abs($1)) }
            let divisor = max(largest, 1e-38)
            let isWhole = part.count == block
            // A whole block is multiplied by the inverse, a rest divided; they round differently.
            let inverse = 1 / divisor
            scales.append(isWhole ? largest : divisor)
            for value in part {
                let scaled = isWhole ? value * inverse : value / divisor
                codes.append(level(min(max(scaled, -1), 1)))
            }
        }
        return (codes, scales)
    }

    /// How many bounds lie below x: a middle belongs to the lower level.
    private static func level(_ x: Float) -> UInt8 {
        var count: UInt8 = 0
        for bound in bounds where bound < x { count += 1 }
        return count
    }

    /// The codes of scales without their mean, and the largest magnitude of each block.
    static func nestedCodes(
        of values: [Float],
        block: Int
    ) -> (codes: [UInt8], scales: [Float]) {
        var codes: [UInt8] = []
        var scales: [Float] = []
        for start in stride(from: 0, to: values.count, by: block) {
            let part = values[start..<min(values.count, start + block)]
            let largest = part.reduce(0) { max($0, abs($1)) }
            scales.append(largest)
            let inverse = 1 / largest
            for value in part { codes.append(largest == 0 ? 0 : nested(value * inverse)) }
        }
        return (codes, scales)
    }

    /// The library looks a value up in a table of 65,536 cells of [-1, 1]; a cell has the code that
    /// is nearest to its middle, the lower one of two equally near.
    private static func nested(_ x: Float) -> UInt8 {
        let clamped = min(max(x, -1), 1)
        let cell = Int((clamped + 1) * 32767.5 + 0.5)
        let middle = Float(cell) * 2 / 65535 - 1
        let map = NF4Tables.dynamic
        guard let right = map.firstIndex(where: { $0 >= middle }) else { return 255 }
        guard right > 0 else { return 0 }
        let isRight = abs(map[right] - middle) < abs(middle - map[right - 1])
        return UInt8(isRight ? right : right - 1)
    }
}
