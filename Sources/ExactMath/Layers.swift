// The layers of a decoder and their gradients, as thin calls of the C functions, which define
// them. Shapes are those of exactmath.h.

import CExactMath

/// RMSNorm of every row, with what its gradient needs.
package struct NormalizedRows: Sendable {
    package private(set) var output: Matrix
    /// 1 / √(mean(x²) + ε) of each row.
    package let inverse: [Double]

    /// Gives the output's memory back; the gradient needs the rest only.
    package mutating func freeOutput() { output = .empty }
}

package enum Layers {
    package static func rmsNorm(
        _ x: Matrix,
        weight: [Float],
        epsilon: Double
    ) throws(ExactMathError) -> NormalizedRows {
        precondition(weight.count == x.columns)
        var inverse = [Double](repeating: 0, count: x.rows)
        let values = unsafe try filled(x.values.count) { out in
            unsafe xm_rms_norm(x.values, weight, x.rows, x.columns, epsilon, out, &inverse)
        }
        return NormalizedRows(
            output: Matrix(rows: x.rows, columns: x.columns, values: values),
            inverse: inverse
        )
    }

    /// Adds the gradient through RMSNorm of `x` to `sum`.
    package static func addRMSNormGradient(
        of dy: Matrix,
        input x: Matrix,
        weight: [Float],
        inverse: [Double],
        to sum: inout Matrix
    ) throws(ExactMathError) {
        precondition(dy.values.count == x.values.count && sum.values.count == x.values.count)
        precondition(weight.count == x.columns && inverse.count == x.rows)
        try check(
            unsafe xm_rms_norm_backward(
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
