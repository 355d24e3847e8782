/// Words drawn from the integer sums inside a computation, which nobody publishes: whoever has
/// them ran the computation. Order matters between contractions and not within one.
package struct ComputationTrace: Sendable, Equatable {
    package private(set) var words: [UInt64] = []

    package init() {}

    package mutating func absorb(_ word: UInt64) { words.append(word) }

    /// The words, little-endian, for hashing.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 8)
        for word in words {
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }
}
