package import ExactMath

/// Why a model could not process its input. Every case is a function of the input, except an
/// inexact environment and missing memory.
package enum ModelError: Error, Equatable {
    case emptyInput
    case tokenOutOfRange(UInt32, vocabulary: Int)
    case contextExceeded(tokens: Int, limit: Int)
    case adapterMismatch(LoRAAdapter.Failure)
    case arithmetic(ExactMathError)
}

extension ModelConfiguration {
    /// Throws unless the model can process these tokens after `past` others.
    func check(_ tokens: [UInt32], past: Int = 0) throws(ModelError) {
        guard !tokens.isEmpty else { throw .emptyInput }
        guard past + tokens.count <= contextLength else {
            throw .contextExceeded(tokens: past + tokens.count, limit: contextLength)
        }
        for token in tokens where Int(token) >= vocabulary {
            throw .tokenOutOfRange(token, vocabulary: vocabulary)
        }
    }
}
