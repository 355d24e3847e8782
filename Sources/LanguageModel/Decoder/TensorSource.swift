// The seam between the readers of model files and the computation.

package import ExactMath

/// Why a model's weights could not be loaded.
package enum ModelLoadError: Error, Equatable {
    case missingTensor(String)
    case wrongShape(String, expected: [Int], found: [Int])
    case notFinite(String)
    /// The reader's own reason, in one sentence.
    case unreadable(String, reason: String)
}

/// A model file that is open for reading. Tensors are asked for one at a time, once each, so that
/// only one has to be in memory in float32.
package protocol TensorSource {
    /// The tensor of a Hugging Face name, one of the model's `tensorNames`: a matrix as
    /// [out, in] (rows of q and k not permuted, `Conv1D` transposed), a vector as one row.
    func matrix(named name: String) throws(ModelLoadError) -> Matrix

    /// The matrix as the operand of products, in the source's own short form where it has one.
    func operand(named name: String) throws(ModelLoadError) -> QuantizedMatrix
}

extension TensorSource {
    package func operand(named name: String) throws(ModelLoadError) -> QuantizedMatrix {
        try rounded(matrix(named: name), name)
    }

    func rounded(_ matrix: Matrix, _ name: String) throws(ModelLoadError) -> QuantizedMatrix {
        do {
            return try QuantizedMatrix(matrix)
        } catch {
            throw .notFinite(name)
        }
    }
}
