// The element types of GGUF that we read. Quantised types pack a row in blocks; inside a block the
// low nibbles are its first half. Values follow the reference's float32 operations in order.

package enum GGUFType: UInt32, Sendable {
    case f32 = 0
    case f16 = 1
    case q4x0 = 2
    case q4x1 = 3
    case q5x0 = 6
    case q5x1 = 7
    case q8x0 = 8
    case q4k = 12
    case q5k = 13
    case q6k = 14
    case bf16 = 30

    package var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q4x0: "Q4_0"
        case .q4x1: "Q4_1"
        case .q5x0: "Q5_0"
        case .q5x1: "Q5_1"
        case .q8x0: "Q8_0"
        case .q4k: "Q4_K"
        case .q5k: "Q5_K"
        case .q6k: "Q6_K"
        case .bf16: "BF16"
        }
    }

    /// The elements of one block.
    package var blockElements: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4x0, .q4x1, .q5x0, .q5x1, .q8x0: 32
        case .q4k, .q5k, .q6k: 256
        }
    }

    /// The bytes of one block.
    package var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4x0: 18
        case .q4x1: 20
        case .q5x0: 22
        case .q5x1: 24
        case .q8x0: 34
        case .q4k: 144
        case .q5k: 176
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
            case .q5x0:
                let high = FloatFormats.littleEndian32(data, place + 2)
                fives(data, place + 6, high, half(data, place), 16, -0.0, to: &values)
            case .q5x1:
                let high = FloatFormats.littleEndian32(data, place + 4)
                let minimum = half(data, place + 2)
                fives(data, place + 8, high, half(data, place), 0, minimum, to: &values)
            case .q8x0:
                let scale = half(data, place)
                for index in place + 2..<place + 34 {
                    values.append(Float(Int8(bitPattern: data[index])) * scale)
                }
            case .q4k: superBlock4(data, place, to: &values)
            case .q5k: superBlock5(data, place, to: &values)
            case .q6k: superBlock6(data, place, to: &values)
            }
        }
        return values
    }

    func half(_ data: ArraySlice<UInt8>, _ place: Int) -> Float {
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

    /// The same for 5-bit numbers: element i's fifth bit is bit i of `high`.
    private func fives(
        _ data: ArraySlice<UInt8>,
        _ place: Int,
        _ high: UInt32,
        _ scale: Float,
        _ zero: Int,
        _ minimum: Float,
        to values: inout [Float]
    ) {
        for index in 0..<32 {
            let number = fiveBits(data, place, high, index)
            values.append(scale * Float(number - zero) + minimum)
        }
    }

    /// Scale and minimum of each of eight sub-blocks: d, dmin (f16), then twelve bytes with eight
    /// 6-bit scales and eight 6-bit minimums.
    func subBlocks(
        _ data: ArraySlice<UInt8>,
        _ place: Int
    ) -> [(scale: Float, minimum: Float)] {
        let scale = half(data, place)
        let minimumScale = half(data, place + 2)
        let packed = place + 4
        return (0..<8).map { block in
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
    }

    /// 256 elements: sixteen bytes of `subBlocks`, 128 bytes of nibbles. Each 32 bytes hold one
    /// sub-block low and the next one high.
    private func superBlock4(_ data: ArraySlice<UInt8>, _ place: Int, to values: inout [Float]) {
        for (block, own) in subBlocks(data, place).enumerated() {
            let bytes = place + 16 + 32 * (block / 2)
            for index in bytes..<bytes + 32 {
                let nibble = block.isMultiple(of: 2) ? data[index] & 15 : data[index] >> 4
                values.append(own.scale * Float(nibble) - own.minimum)
            }
        }
    }

    /// 256 elements: as `superBlock4` with 32 bytes before the nibbles, whose bit b is the fifth
    /// bit of sub-block b's elements.
    private func superBlock5(_ data: ArraySlice<UInt8>, _ place: Int, to values: inout [Float]) {
        for (block, own) in subBlocks(data, place).enumerated() {
            for index in 0..<32 {
                let number = fiveBits(data, place, block: block, index)
                values.append(own.scale * Float(number) - own.minimum)
            }
        }
    }

    /// 256 elements: 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, d (f16).
    private func superBlock6(_ data: ArraySlice<UInt8>, _ place: Int, to values: inout [Float]) {
        let scale = half(data, place + 208)
        for group in 0..<8 {
            for index in 0..<32 {
                let factor = Int8(bitPattern: data[place + 192 + 2 * group + index / 16])
                let number = sixBits(data, place, group, index)
                values.append(scale * Float(factor) * Float(number))
            }
        }
    }

    /// The number, −32 to 31, of an element of group 0 to 7 of a 6-bit super-block.
    func sixBits(_ data: ArraySlice<UInt8>, _ place: Int, _ group: Int, _ index: Int) -> Int {
        let byte = data[place + 64 * (group / 4) + 32 * (group % 2) + index]
        let high = data[place + 128 + 32 * (group / 4) + index]
        let nibble = group % 4 < 2 ? byte & 15 : byte >> 4
        let upper = (high >> (2 * UInt8(group % 4))) & 3
        return Int(nibble | (upper << 4)) - 32
    }

    /// Element `index` of 32 five-bit numbers: nibbles from `place`, fifth bits in `high`.
    func fiveBits(_ data: ArraySlice<UInt8>, _ place: Int, _ high: UInt32, _ index: Int) -> Int {
        let byte = data[place + index % 16]
        let nibble = Int(index < 16 ? byte & 15 : byte >> 4)
        return nibble | Int((high >> UInt32(index)) & 1) << 4
    }

    /// Element `index` of sub-block 0 to 7 of a 5-bit super-block.
    func fiveBits(_ data: ArraySlice<UInt8>, _ place: Int, block: Int, _ index: Int) -> Int {
        let byte = data[place + 48 + 32 * (block / 2) + index]
        let nibble = block.isMultiple(of: 2) ? byte & 15 : byte >> 4
        return Int(nibble | ((data[place + 16 + index] >> UInt8(block)) & 1) << 4)
    }
}
