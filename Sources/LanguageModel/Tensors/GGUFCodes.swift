// Quantised tensors of GGUF as coded rows: the file's own codes, rearranged, with each block's
// scales as float32, so that a model stays as small in memory as in its file. The values are those
// of `GGUFType.dequantize`, whose float32 operations are the same two for every type.

package import ExactMath

extension GGUFFile {
    /// The tensor's rows in codes, or nil when its type, shape or magnitudes have no such form:
    /// then `floats(of:)` has it, or the reason why not.
    package func codedRows(of entry: Entry) -> CodedRows? {
        guard entry.shape.count == 2, var codes = BlockCodes(of: entry.type) else { return nil }
        codes.append(bytes(of: entry))
        return try? CodedRows(
            rows: entry.shape[0],
            columns: entry.shape[1],
            block: codes.block,
            levels: codes.levels,
            codes: codes.codes,
            scales: codes.scales
        )
    }
}

/// Codes and scales of block after block, as `CodedRows` takes them.
private struct BlockCodes {
    let type: GGUFType
    let block: Int
    let levels: [Float]
    var codes: [UInt8] = []
    var scales: [Float] = []

    init?(of type: GGUFType) {
        switch type {
        case .q4x0: levels = (-8..<8).map { Float($0) }
        case .q4x1, .q4k: levels = (0..<16).map { Float($0) }
        case .q5x0, .q5x1, .q5k, .q8x0, .q6k: levels = []
        case .f32, .f16, .bf16: return nil
        }
        block = type == .q6k ? 16 : 32
        self.type = type
    }

    mutating func append(_ data: ArraySlice<UInt8>) {
        let count = data.count / type.blockBytes * type.blockElements
        codes.reserveCapacity(levels.isEmpty ? count : count / 2)
        scales.reserveCapacity(count / block * 2)
        for place in stride(from: data.startIndex, to: data.endIndex, by: type.blockBytes) {
            switch type {
            case .q4k: superBlock4(data, place)
            case .q5k: superBlock5(data, place)
            case .q6k: superBlock6(data, place)
            default: simple(data, place)
            }
        }
    }

    /// One block with f16 scales before its codes. An offset of −0 changes no value.
    private mutating func simple(_ data: ArraySlice<UInt8>, _ place: Int) {
        let hasOffset = type == .q4x1 || type == .q5x1
        scales.append(type.half(data, place))
        scales.append(hasOffset ? type.half(data, place + 2) : -0.0)
        let first = place + (hasOffset ? 4 : 2)
        guard type == .q5x0 || type == .q5x1 else {
            codes += data[first..<place + type.blockBytes]
            return
        }
        let high = FloatFormats.littleEndian32(data, first)
        for index in 0..<32 {
            let number = type.fiveBits(data, first + 4, high, index) - (hasOffset ? 0 : 16)
            append(number)
        }
    }

    private mutating func append(_ number: Int) {
        codes.append(UInt8(bitPattern: Int8(number)))
    }

    /// 32 bytes hold one sub-block low and the next one high; here a sub-block is 16 bytes, its
    /// first half low.
    private mutating func superBlock4(_ data: ArraySlice<UInt8>, _ place: Int) {
        for (sub, own) in type.subBlocks(data, place).enumerated() {
            scales.append(own.scale)
            scales.append(-own.minimum)
            let shift = 4 * (sub % 2)
            let bytes = place + 16 + 32 * (sub / 2)
            for index in bytes..<bytes + 16 {
                let (first, second) = (data[index] >> shift, data[index + 16] >> shift)
                codes.append(first & 15 | (second & 15) << 4)
            }
        }
    }

    private mutating func superBlock5(_ data: ArraySlice<UInt8>, _ place: Int) {
        for (sub, own) in type.subBlocks(data, place).enumerated() {
            scales.append(own.scale)
            scales.append(-own.minimum)
            for index in 0..<32 { append(type.fiveBits(data, place, block: sub, index)) }
        }
    }

    private mutating func superBlock6(_ data: ArraySlice<UInt8>, _ place: Int) {
        let scale = type.half(data, place + 208)
        for group in 0..<8 {
            for index in 0..<32 {
                append(type.sixBits(data, place, group, index))
                if index.isMultiple(of: 16) {
                    let factor = Int8(bitPattern: data[place + 192 + 2 * group + index / 16])
                    scales.append(scale * Float(factor))
                    scales.append(-0.0)
                }
            }
        }
    }
}
