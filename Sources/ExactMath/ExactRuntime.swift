import CExactMath

/// What has to hold on a machine and a thread before its results count.
package enum ExactRuntime {
    /// The hash of the self-check job, the same on every machine.
    package static let selfCheckHash: UInt64 = 0x4757_bba3_d03d_476b

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
}
