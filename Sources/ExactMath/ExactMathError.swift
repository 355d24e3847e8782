import CExactMath

/// Why a computation has no result. None of these depends on the machine, except the environment
/// and memory.
package enum ExactMathError: Error, Equatable {
    /// An input or a result is NaN or infinite.
    case notFinite
    /// A dimension is over the limit of the exact sums.
    case tooLarge
    case outOfMemory
    /// A matrix that had to be positive definite is not.
    case notPositiveDefinite
    /// An index or argument outside the function's domain.
    case outOfRange
    /// `OPENLEDGER_BLAS` or a caller named a backend that is unknown or not on this machine.
    case backendUnavailable
    /// Rounding mode, flush-to-zero or denormals-as-zero are not IEEE's defaults on this thread.
    case inexactEnvironment
    /// The start-up job gave other bits than every other node's.
    case selfCheckFailed(expected: UInt64, found: UInt64)
}

/// Turns the status of a C function into a thrown error.
func check(_ status: xm_status) throws(ExactMathError) {
    switch status {
    case XM_OK: return
    case XM_NOT_FINITE: throw .notFinite
    case XM_TOO_LARGE: throw .tooLarge
    case XM_NO_MEMORY: throw .outOfMemory
    case XM_NOT_POSITIVE: throw .notPositiveDefinite
    case XM_UNAVAILABLE: throw .backendUnavailable
    default: throw .outOfRange
    }
}
