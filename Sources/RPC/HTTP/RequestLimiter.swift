import Synchronization

/// How much an address may ask: a bucket of tokens each, filled steadily up to a burst of two
/// seconds. This machine itself is not limited.
package final class RequestLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    /// Addresses that are remembered; those whose bucket is full again are forgotten first.
    private static let addressLimit = 4_096

    private let rate: Double
    private let limitsLoopback: Bool
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter rate: tokens a second; 0 limits nobody.
    package init(rate: Int, limitsLoopback: Bool = false) {
        self.rate = Double(rate)
        self.limitsLoopback = limitsLoopback
    }

    /// Takes the cost from the address's bucket, or nothing if there is too little.
    package func permits(
        _ address: String?,
        cost: Int = 1,
        now: ContinuousClock.Instant = .now
    ) -> Bool {
        guard rate > 0, let address, limitsLoopback || !Self.isLoopback(address) else {
            return true
        }
        let burst = 2 * rate
        return buckets.withLock { buckets in
            var bucket = buckets[address] ?? Bucket(tokens: burst, filled: now)
            let seconds = (now - bucket.filled) / .seconds(1)
            bucket.tokens = min(burst, bucket.tokens + max(0, seconds) * rate)
            bucket.filled = now
            let isPermitted = bucket.tokens >= Double(cost)
            if isPermitted { bucket.tokens -= Double(cost) }
            if buckets[address] == nil, buckets.count >= Self.addressLimit {
                makeRoom(in: &buckets, now: now)
            }
            buckets[address] = bucket
            return isPermitted
        }
    }

    /// Forgets who would have a full bucket by now, and everybody if that is nobody: a flood from
    /// more addresses than are remembered is no longer told apart.
    private func makeRoom(in buckets: inout [String: Bucket], now: ContinuousClock.Instant) {
        let limit = 2 * rate
        buckets = buckets.filter { _, bucket in
            bucket.tokens + (now - bucket.filled) / .seconds(1) * rate < limit
        }
        if buckets.count >= Self.addressLimit { buckets = [:] }
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1"
    }
}
