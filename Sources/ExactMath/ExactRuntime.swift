import CExactMath

/// What has to hold on a machine and a thread before its results count.
package enum ExactRuntime {
    /// The hash of the self-check job, the same on every machine.
    package static let selfCheckHash: UInt64 = 0x013b_b899_817f_0cd5

    /// Runs the fixed job; a node calls it at start and does not validate if it throws.
    package static func selfCheck() throws(ExactMathError) {
        try requireExactEnvironment()
        var found: UInt64 = 0
        try check(unsafe xm_self_check(&found))
        guard found == selfCheckHash else {
            throw .selfCheckFailed(expected: selfCheckHash, found: found)
        }
    }

    /// Called at the start of every job, on its thread.
    package static func requireExactEnvironment() throws(ExactMathError) {
        guard xm_environment_is_exact() else { throw .inexactEnvironment }
    }

    /// Threads that one matrix product may use, for the whole process. Speed only: no result
    /// depends on it.
    package static func setThreads(_ count: Int) {
        xm_set_threads(Int32(clamping: count))
    }

    /// What multiplies matrices. Speed only: every backend gives the same bits.
    package enum Backend: String, Sendable, CaseIterable {
        case openblas
        /// If its library is installed.
        case blis
        /// The definition, in integers only; slow.
        case reference
        /// Our own kernels, the default where AVX2 or AVX-512 is; elsewhere it is OpenBLAS.
        case simd
    }

    /// The backend in use: the one that the environment variable `OPENLEDGER_BLAS` named when the
    /// process began, the default of this processor, or the last choice of `use`. Nil when the
    /// environment names one that is not here; every product then throws.
    package static var backend: Backend? {
        unsafe Backend(rawValue: String(cString: xm_backend_name()))
    }

    /// Chooses for the whole process.
    package static func use(_ backend: Backend) throws(ExactMathError) {
        try check(unsafe xm_use_backend(backend.rawValue))
    }
}
