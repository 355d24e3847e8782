import CExactMath

/// The rotations of consecutive positions, each [count, dimension / 2].
package struct RotaryTable: Sendable {
    package let count: Int
    package let dimension: Int
    let cosines: [Float]
    let sines: [Float]

    init(count: Int, dimension: Int, cosines: [Float], sines: [Float]) {
        self.count = count
        self.dimension = dimension
        self.cosines = cosines
        self.sines = sines
    }

    /// - Parameter dimension: of one head; even.
    package init(first: Int, count: Int, dimension: Int, base: Double) throws(ExactMathError) {
        precondition(first >= 0 && count >= 0 && dimension.isMultiple(of: 2))
        var sines = [Float](repeating: 0, count: count * dimension / 2)
        cosines = unsafe try filled(sines.count) { cosines in
            unsafe xm_rotary_table(first, count, dimension, base, cosines, &sines)
        }
        self.sines = sines
        self.count = count
        self.dimension = dimension
    }

    /// Rotates every head of every row in place; row r stands at the table's position r.
    package func rotate(_ x: inout Matrix, inverse: Bool = false) throws(ExactMathError) {
        precondition(x.rows <= count && x.columns.isMultiple(of: dimension))
        try check(
            unsafe xm_rotate(
                &x.values,
                cosines,
                sines,
                x.rows,
                x.columns / dimension,
                dimension,
                inverse ? -1 : 1
            )
        )
    }
}

/// Causal attention where groups of query heads share a key and value head.
package struct GroupedAttention: Sendable {
    package let heads: Int
    package let kvHeads: Int
    package let headDimension: Int

    package init(heads: Int, kvHeads: Int, headDimension: Int) {
        precondition(kvHeads > 0 && heads.isMultiple(of: kvHeads) && headDimension > 0)
        self.heads = heads
        self.kvHeads = kvHeads
        self.headDimension = headDimension
    }

    /// The rows of `q` are the last positions of `k` and `v`.
    /// q [rows, heads·d]; k, v [past + rows, kvHeads·d] row-major.
    package func output(
        q: Matrix,
        k: [Float],
        v: [Float],
        past: Int
    ) throws(ExactMathError) -> Matrix {
        precondition(q.columns == heads * headDimension && k.count == v.count)
        precondition(k.count == (past + q.rows) * kvHeads * headDimension)
        let values = unsafe try filled(q.values.count) { out in
            unsafe xm_attention(
                q.values,
                k,
                v,
                q.rows,
                past,
                heads,
                kvHeads,
                headDimension,
                out,
                nil
            )
        }
        return Matrix(rows: q.rows, columns: q.columns, values: values)
    }

    /// The output and the probabilities [heads, rows, rows], which the gradient needs.
    package func outputAndProbabilities(
        q: Matrix,
        k: Matrix,
        v: Matrix
    ) throws(ExactMathError) -> (output: Matrix, probabilities: [Float]) {
        precondition(q.columns == heads * headDimension && q.rows == k.rows && q.rows == v.rows)
        precondition(k.columns == kvHeads * headDimension && v.columns == k.columns)
        var output = Matrix(rows: q.rows, columns: q.columns)
        let probabilities = unsafe try filled(heads * q.rows * q.rows) { probabilities in
            unsafe xm_attention(
                q.values,
                k.values,
                v.values,
                q.rows,
                0,
                heads,
                kvHeads,
                headDimension,
                &output.values,
                probabilities
            )
        }
        return (output, probabilities)
    }

    /// Gradients of q, k and v from the output's.
    package func gradients(
        of output: Matrix,
        q: Matrix,
        k: Matrix,
        v: Matrix,
        probabilities: [Float]
    ) throws(ExactMathError) -> (q: Matrix, k: Matrix, v: Matrix) {
        precondition(probabilities.count == heads * q.rows * q.rows)
        precondition(q.columns == heads * headDimension && q.rows == k.rows && q.rows == v.rows)
        precondition(k.columns == kvHeads * headDimension && v.columns == k.columns)
        precondition(output.values.count == q.values.count)
        var dK = Matrix(rows: k.rows, columns: k.columns)
        var dV = Matrix(rows: v.rows, columns: v.columns)
        let dQ = unsafe try filled(q.values.count) { dQ in
            unsafe xm_attention_backward(
                output.values,
                q.values,
                k.values,
                v.values,
                probabilities,
                q.rows,
                heads,
                kvHeads,
                headDimension,
                dQ,
                &dK.values,
                &dV.values
            )
        }
        return (Matrix(rows: q.rows, columns: q.columns, values: dQ), dK, dV)
    }
}
