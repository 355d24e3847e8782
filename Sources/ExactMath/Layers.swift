// The layers of a decoder and their gradients, as thin calls of the C functions, which define
// them. Shapes are those of exactmath.h.

import CExactMath

/// Every row normalised, with what the gradient needs.
package struct NormalizedRows: Sendable {
    package private(set) var output: Matrix
    /// 1 / √(mean(x²) + ε) of each row, or of its distance from the mean.
    package let inverse: [Double]

    /// Gives the output's memory back; the gradient needs the rest only.
    package mutating func freeOutput() { output = .empty }
}

package enum Layers {
    /// RMSNorm of every row, or LayerNorm where there is a bias.
    package static func norm(
        _ x: Matrix,
        weight: [Float],
        bias: [Float]?,
        epsilon: Double
    ) throws(ExactMathError) -> NormalizedRows {
        precondition(weight.count == x.columns && bias.map { $0.count == x.columns } ?? true)
        let (rows, columns) = (x.rows, x.columns)
        var inverse = [Double](repeating: 0, count: rows)
        let values = unsafe try filled(x.values.count) { out in
            guard let bias else {
                return unsafe xm_rms_norm(x.values, weight, rows, columns, epsilon, out, &inverse)
            }
            return unsafe xm_layer_norm(
                x.values,
                weight,
                bias,
                rows,
                columns,
                epsilon,
                out,
                &inverse
            )
        }
        return NormalizedRows(
            output: Matrix(rows: rows, columns: columns, values: values),
            inverse: inverse
        )
    }

    /// Adds the gradient through the norm of `x` to `sum`.
    /// - Parameter isCentred: whether it was a LayerNorm.
    package static func addNormGradient(
        of dy: Matrix,
        input x: Matrix,
        weight: [Float],
        inverse: [Double],
        isCentred: Bool,
        to sum: inout Matrix
    ) throws(ExactMathError) {
        precondition(dy.values.count == x.values.count && sum.values.count == x.values.count)
        precondition(weight.count == x.columns && inverse.count == x.rows)
        let backward = isCentred ? unsafe xm_layer_norm_backward : unsafe xm_rms_norm_backward
        try check(
            unsafe backward(
                dy.values,
                x.values,
                weight,
                inverse,
                x.rows,
                x.columns,
                &sum.values
            )
        )
    }

    /// silu(gate) · up, elementwise.
    package static func swiGLU(gate: Matrix, up: Matrix) throws(ExactMathError) -> Matrix {
        precondition(gate.values.count == up.values.count)
        let values = unsafe try filled(gate.values.count) { out in
            unsafe xm_swiglu(gate.values, up.values, gate.values.count, out)
        }
        return Matrix(rows: gate.rows, columns: gate.columns, values: values)
    }

    package static func swiGLUGradient(
        of output: Matrix,
        gate: Matrix,
        up: Matrix
    ) throws(ExactMathError) -> (gate: Matrix, up: Matrix) {
        precondition(gate.values.count == up.values.count)
        precondition(gate.values.count == output.values.count)
        var dUp = Matrix(rows: up.rows, columns: up.columns)
        let dGate = unsafe try filled(gate.values.count) { dGate in
            unsafe xm_swiglu_backward(
                output.values,
                gate.values,
                up.values,
                gate.values.count,
                dGate,
                &dUp.values
            )
        }
        return (Matrix(rows: gate.rows, columns: gate.columns, values: dGate), dUp)
    }

    /// y += scale · x; the product is rounded before the sum.
    package static func add(
        _ x: Matrix,
        scale: Float = 1,
        to y: inout Matrix
    ) throws(ExactMathError) {
        precondition(x.rows == y.rows && x.columns == y.columns)
        try check(unsafe xm_add_scaled(&y.values, x.values, scale, x.values.count))
    }

    /// The same for the rows of y from `first` on.
    package static func add(
        _ x: Matrix,
        scale: Float = 1,
        to y: inout Matrix,
        from first: Int
    ) throws(ExactMathError) {
        precondition(x.columns == y.columns && first >= 0 && first + x.rows <= y.rows)
        let start = first * y.columns
        try check(
            unsafe y.values.withUnsafeMutableBufferPointer { buffer in
                let rows = unsafe buffer.baseAddress.map { unsafe $0 + start }
                return unsafe xm_add_scaled(rows, x.values, scale, x.values.count)
            }
        )
    }

    package static func multiply(_ y: inout Matrix, by scale: Float) throws(ExactMathError) {
        try check(unsafe xm_scale(&y.values, scale, y.values.count))
    }

    package static func transposed(_ x: Matrix) -> Matrix {
        var out = Matrix(rows: x.columns, columns: x.rows)
        unsafe xm_transpose(x.values, x.rows, x.columns, &out.values)
        return out
    }

    /// The sum of squares, in float64 and a fixed order.
    package static func sumOfSquares(_ values: [Float]) -> Double {
        unsafe xm_sum_of_squares(values, values.count)
    }
}
