/// Counts of observations up to each of a few bounds, with their sum.
package struct Histogram: Sendable, Equatable {
    /// Ascending upper bounds; what is above the last is counted in `count` alone.
    package let bounds: [Double]
    /// Observations in (previous bound, bound].
    package private(set) var counts: [UInt64]
    package private(set) var count: UInt64 = 0
    package private(set) var sum: Double = 0

    /// - Precondition: the bounds ascend.
    package init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<))
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count)
    }

    package mutating func observe(_ value: Double) {
        if let bucket = bounds.firstIndex(where: { value <= $0 }) { counts[bucket] += 1 }
        count += 1
        sum += value
    }

    /// How many observations were at most each bound, as the text format wants them.
    package var cumulative: [UInt64] {
        var total: UInt64 = 0
        return counts.map { bucket in
            total += bucket
            return total
        }
    }
}
