// The element types of GGUF that we read. Quantised types pack a row in blocks; inside a block the
// low nibbles are its first half. Values follow the reference's float32 operations in order.

package enum GGUFType: UInt32, Sendable {
    case f32 = 0
    case f16 = 1
    case q4x0 = 2
    case q4x1 = 3
    case q8x0 = 8
    case q4k = 12
    case q6k = 14
    case bf16 = 30

    package var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q4x0: "Q4_0"
        case .q4x1: "Q4_1"
        case .q8x0: "Q8_0"
        case .q4k: "Q4_K"
        case .q6k: "Q6_K"
        case .bf16: "BF16"
        }
    }

    /// The elements of one block.
    package var blockElements: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4x0, .q4x1, .q8x0: 32
        case .q4k, .q6k: 256
        }
    }

    /// The bytes of one block.
    package var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4x0: 18
        case .q4x1: 20
        case .q8x0: 34
        case .q4k: 144
        case .q6k: 210
        }
    }

    /// - Precondition: `data` is a whole number of blocks.
    func dequantize(_ data: ArraySlice<UInt8>) -> [Float] {
        precondition(data.count % blockBytes == 0)
        var values: [Float] = []
        values.reserveCapacity(data.count / blockBytes * blockElements)
        for place in stride(from: data.startIndex, to: data.endIndex, by: blockBytes) {
            switch self {
            case .f32:
                let bits = FloatFormats.littleEndian32(data, place)
                values.append(Float(bitPattern: bits))
            case .f16: values.append(half(data, place))
            case .bf16:
                values.append(FloatFormats.widen(brain: FloatFormats.littleEndian16(data, place)))
            case .q4x0:
                // Adding −0 changes no value, where +0 would change −0.
                nibbles(data, place + 2, 16, half(data, place), 8, -0.0, to: &values)
            case .q4x1:
                let minimum = half(data, place + 2)
                nibbles(data, place + 4, 16, half(data, place), 0, minimum, to: &values)
            case .q8x0:
                let scale = half(data, place)
                for index in place + 2..<place + 34 {
                    values.append(Float(Int8(bitPattern: data[index])) * scale)
                }
            case .q4k: superBlock4(data, place, to: &values)
            case .q6k: superBlock6(data, place, to: &values)
            }
        }
        return values
    }

    private func half(_ data: ArraySlice<UInt8>, _ place: Int) -> Float {
        FloatFormats.widen(half: FloatFormats.littleEndian16(data, place))
    }

    /// `scale · (q − zero) + minimum` for the low nibbles of `count` bytes, then the high ones.
    private func nibbles(
        _ data: ArraySlice<UInt8>,
        _ place: Int,
        _ count: Int,
        _ scale: Float,
        _ zero: Int,
        _ minimum: Float,
        to values: inout [Float]
    ) {
        for index in place..<place + count {
            values.append(scale * Float(Int(data[index] & 15) - zero) + minimum)
        }
        for index in place..<place + count {
            values.append(scale * Float(Int(data[index] >> 4) - zero) + minimum)
        }
    }

    /// 256 elements: d, dmin (f16), twelve bytes with eight 6-bit scales and eight 6-bit minimums,
    /// 128 bytes of nibbles. Each 32 bytes hold one sub-block low and the next one high.
    private func superBlock4(_ data: ArraySlice<UInt8>, _ place: Int, to values: inout [Float]) {
        let scale = half(data, place)
        let minimumScale = half(data, place + 2)
        let packed = place + 4
        func pair(_ block: Int) -> (scale: Float, minimum: Float) {
            let low: UInt8
            let high: UInt8
            if block < 4 {
                low = data[packed + block] & 63
                high = data[packed + block + 4] & 63
            } else {
                low = (data[packed + block + 4] & 15) | (data[packed + block - 4] >> 6) << 4
                high = (data[packed + block + 4] >> 4) | (data[packed + block] >> 6) << 4
            }
            return (scale * Float(low), minimumScale * Float(high))
        }
        for group in 0..<4 {
            let bytes = place + 16 + 32 * group
            let first = pair(2 * group)
            for index in bytes..<bytes + 32 {
                values.append(first.scale * Float(data[index] & 15) - first.minimum)
            }
            let second = pair(2 * group + 1)
            for index in bytes..<bytes + 32 {
                values.append(second.scale * Float(data[index] >> 4) - second.minimum)
            }
        }
    }

    /// 256 elements: 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, d (f16).
    private func superBlock6(_ data: ArraySlice<UInt8>, _ place: Int, to values: inout [Float]) {
        let scale = half(data, place + 208)
        for group in 0..<8 {
            let low = place + 64 * (group / 4) + 32 * (group % 2)
            let high = place + 128 + 32 * (group / 4)
            for index in 0..<32 {
                let byte = data[low + index]
                let nibble = group % 4 < 2 ? byte & 15 : byte >> 4
                let upper = (data[high + index] >> (2 * UInt8(group % 4))) & 3
                let factor = Int8(bitPattern: data[place + 192 + 2 * group + index / 16])
                values.append(scale * Float(factor) * Float(Int(nibble | (upper << 4)) - 32))
            }
        }
    }
}
