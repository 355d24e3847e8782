// A matrix in the NF4 format of bitsandbytes: blocks of 64 values of four bits, first value in the
// high half of a byte, and a scale a block, which may be quantised itself (double quantisation).

package enum NF4Error: Error, Equatable {
    case missingPart(TensorName, part: String)
    case invalidPart(TensorName, part: String)
    /// A setting that asks for another format.
    case unsupported(TensorName, key: String, value: String)
    case notFinite(TensorName)
}

package struct NF4Tensor: Sendable, Equatable {
    /// Scales quantised to eight bits.
    struct NestedScales: Sendable, Equatable {
        static let block = 256

        let codes: [UInt8]
        /// 256 values; those of the file, which are not always the usual ones.
        let map: [Float]
        let scales: [Float]
        /// The mean of the scales, which was taken off before.
        let offset: Float
        /// The offset as the file writes it.
        let offsetText: String
    }

    enum Scales: Sendable, Equatable {
        case plain([Float])
        case nested(NestedScales)
    }

    package static let block = 64

    /// [out, in]
    package let shape: [Int]
    /// The type of the weights before, such as `bfloat16`.
    package let originalType: String
    /// 16 values.
    let levels: [Float]
    /// Two a byte.
    let packed: [UInt8]
    let scales: Scales

    /// Quantises a matrix [out, in] as bitsandbytes does on a CPU.
    /// - Parameters:
    ///   - isDouble: whether the scales are quantised as well.
    ///   - offset: what is taken off the scales before that; the mean unless told. The library's own
    ///     mean is a float32 sum whose order depends on the machine, so it may be a unit of the last
    ///     place away from ours, which is rounded once.
    package init(
        rows: Int,
        columns: Int,
        values: [Float],
        originalType: String,
        isDouble: Bool = true,
        offset: Float? = nil
    ) {
        precondition(values.count == rows * columns && !values.isEmpty)
        shape = [rows, columns]
        self.originalType = originalType
        levels = NF4Tables.levels
        let (codes, scales) = NF4Quantiser.codes(of: values, block: Self.block)
        packed = stride(from: 0, to: codes.count, by: 2).map { place in
            // What fills up the last byte is the code of zero.
            codes[place] << 4 | (place + 1 < codes.count ? codes[place + 1] : 7)
        }
        guard isDouble else {
            self.scales = .plain(scales)
            return
        }
        let sum = scales.reduce(0.0) { $0 + Double($1) }
        let mean = offset ?? Float(sum / Double(scales.count))
        let nested = NF4Quantiser.nestedCodes(
            of: scales.map { $0 - mean },
            block: NestedScales.block
        )
        self.scales = .nested(
            NestedScales(
                codes: nested.codes,
                map: NF4Tables.dynamic,
                scales: nested.scales,
                offset: mean,
                offsetText: "\(Double(mean))"
            )
        )
    }

    init(
        shape: [Int],
        originalType: String,
        levels: [Float],
        packed: [UInt8],
        scales: Scales
    ) {
        self.shape = shape
        self.originalType = originalType
        self.levels = levels
        self.packed = packed
        self.scales = scales
    }

    /// What was taken off the scales, with double quantisation.
    package var offset: Float? {
        switch scales {
        case .plain: nil
        case .nested(let nested): nested.offset
        }
    }

    /// The scale of each block.
    package var blockScales: [Float] {
        switch scales {
        case .plain(let scales): return scales
        case .nested(let nested):
            return nested.codes.enumerated().map { place, code in
                nested.map[Int(code)] * nested.scales[place / NestedScales.block] + nested.offset
            }
        }
    }

    /// What the codes stand for, row after row.
    package var values: [Float] {
        let scales = blockScales
        let count = shape.reduce(1, *)
        var values: [Float] = []
        values.reserveCapacity(count)
        for place in 0..<count {
            let byte = packed[place / 2]
            let code = place % 2 == 0 ? byte >> 4 : byte & 15
            values.append(levels[Int(code)] * scales[place / Self.block])
        }
        return values
    }
}
