import Jobs

extension FactoryResult {
    /// The result with one altered state in its training trace: what a dishonest builder would
    /// commit. A drill for a network's verifiers.
    package func forgingTrace(unit: Int) throws(FactoryError) -> FactoryResult {
        guard trace.snapshots.indices.contains(unit) else {
            throw .job(.unitOutOfRange(unit: unit, count: trace.snapshots.count))
        }
        var snapshots = trace.snapshots
        // The lowest mantissa bit of the first weight: as small as a difference can be.
        snapshots[unit][8] ^= 1
        return FactoryResult(
            adapter: adapter,
            files: files,
            canonicalRoot: canonicalRoot,
            trace: TrainingTrace(snapshots),
            index: index,
            report: report,
            data: data,
            comparison: comparison,
            log: log,
            cost: cost
        )
    }
}
