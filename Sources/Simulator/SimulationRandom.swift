/// SplitMix64 (Steele, Lea, Flood 2014): everything random in a simulation follows from its seed.
package struct SimulationRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed &* 0x2545_f491_4f6c_dd1d &+ 0x9e37_79b9_7f4a_7c15
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range, near enough to uniform.
    package mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + next() % (range.upperBound - range.lowerBound + 1)
    }

    package mutating func index(below count: Int) -> Int { Int(next() % UInt64(count)) }

    package mutating func happens(perMille: UInt64) -> Bool { next() % 1_000 < perMille }

    /// A fair coin.
    var isOn: Bool { mutating get { happens(perMille: 500) } }
}
