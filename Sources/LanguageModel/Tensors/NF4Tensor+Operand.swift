// NF4 as an operand of products: four bits a value in memory, decoded row by row.

import ExactMath

extension NF4Tensor {
    /// The operand that the decoded values would be, kept in codes where blocks lie within rows.
    func operand(named name: String) throws(ModelLoadError) -> QuantizedMatrix {
        do throws(ExactMathError) {
            if shape[1].isMultiple(of: Self.block), let coded = try? codedRows() {
                return QuantizedMatrix(coded)
            }
            return try QuantizedMatrix(
                Matrix(rows: shape[0], columns: shape[1], values: values)
            )
        } catch {
            throw .notFinite(name)
        }
    }

    /// - Precondition: a row is whole blocks.
    private func codedRows() throws(ExactMathError) -> CodedRows {
        let (rows, columns) = (shape[0], shape[1])
        var codes: [UInt8] = []
        codes.reserveCapacity(rows * columns / 2)
        for run in stride(from: 0, to: rows * columns, by: 32) {
            for place in run..<run + 16 {
                codes.append(code(at: place) | code(at: place + 16) << 4)
            }
        }
        return try CodedRows(
            rows: rows,
            columns: columns,
            block: Self.block,
            levels: levels,
            codes: codes,
            // level · d + 0 is level · d.
            scales: blockScales.flatMap { [$0, 0] }
        )
    }

    private func code(at place: Int) -> UInt8 {
        place % 2 == 0 ? packed[place / 2] >> 4 : packed[place / 2] & 15
    }
}
