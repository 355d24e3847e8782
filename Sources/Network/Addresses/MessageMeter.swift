/// How fast a peer talks. A bucket that leaks: each message adds one, time takes out what an honest
/// peer could need. Above one level the peer is read more slowly, above another it is cut.
///
/// An honest peer sends its votes, two statuses and a proposal for each block, and a few messages
/// with transactions for each interval: below 1,000 a second at 150 blocks a second. Whatever a
/// slow machine lets pile up stays below the first level or is slowed for a moment.
package struct MessageMeter: Sendable {
    package enum Verdict: Sendable, Equatable {
        case fine
        /// Read on after so many microseconds.
        case slowDown(UInt64)
        case flood
    }

    static let leakedEachSecond: UInt64 = 2_000
    static let slowLevel: UInt64 = 4_000
    static let floodLevel: UInt64 = 12_000
    /// Twice what leaks: who goes on talking at that pace is cut after four seconds.
    private static let pauseForEach: UInt64 = 250

    /// In thousandths of a message.
    private var level: UInt64 = 0
    private var last: UInt64

    /// - Parameter now: milliseconds of a clock that never goes back.
    package init(now: UInt64) { last = now }

    package mutating func count(_ messages: UInt64, now: UInt64) -> Verdict {
        if now > last {
            let passed = min(now - last, Self.floodLevel * 1_000 / Self.leakedEachSecond)
            level -= min(level, passed * Self.leakedEachSecond)
            last = now
        }
        level += messages * 1_000
        if level >= Self.floodLevel * 1_000 { return .flood }
        return level >= Self.slowLevel * 1_000
            ? .slowDown(messages * Self.pauseForEach) : .fine
    }
}
