import CExactMath
package import Primitives

/// Which elements of a matrix a pass leaves out, named by a seed and a stream: the same name is the
/// same mask, so a backward pass makes it again instead of keeping it.
package struct DropoutMask: Sendable {
    private let seed: Digest
    private let domain: UInt32
    private let stream: UInt64
    private let threshold: UInt32
    private let scale: Float

    /// - Parameter probability: of leaving an element out; what stays is multiplied by
    ///   float32(1 / (1 - probability)).
    /// - Precondition: `0 <= probability < 1`.
    package init(seed: Digest, domain: UInt32, stream: UInt64, probability: Float) {
        precondition(probability >= 0 && probability < 1)
        self.seed = seed
        self.domain = domain
        self.stream = stream
        // A float32 below 1 is at most 1 - 2^-24, so the product is below 2^32.
        threshold = UInt32(Double(probability) * 0x1p32)
        scale = Float(1 / (1 - Double(probability)))
    }

    /// The matrix with the mask and its scale applied.
    package func applied(to x: Matrix) throws(ExactMathError) -> Matrix {
        let values = unsafe try filled(x.values.count) { out in
            unsafe xm_dropout(
                x.values,
                x.values.count,
                seed.bytes,
                domain,
                stream,
                threshold,
                scale,
                out
            )
        }
        return Matrix(rows: x.rows, columns: x.columns, values: values)
    }
}
