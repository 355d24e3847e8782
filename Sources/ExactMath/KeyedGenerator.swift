import CExactMath
package import Primitives

/// Random integers from a seed: the ChaCha20 key stream (RFC 8439) with the seed as key and
/// `stream ‖ domain` as nonce. Different domains or streams of one seed are independent.
package struct KeyedGenerator: RandomNumberGenerator, Sendable {
    private let seed: [UInt8]
    private let domain: UInt32
    private let stream: UInt64
    private var position: UInt64 = 0
    private var buffer: [UInt64] = []

    private static let batch = 64

    package init(seed: Digest, domain: UInt32, stream: UInt64 = 0) {
        self.seed = seed.bytes
        self.domain = domain
        self.stream = stream
    }

    /// - Precondition: fewer than 2^34 words are taken from one generator.
    package mutating func next() -> UInt64 {
        let offset = Int(position % UInt64(Self.batch))
        if offset == 0 { buffer = words(from: position, count: Self.batch) }
        position += 1
        return buffer[offset]
    }

    /// A number below `bound` without bias, by rejection.
    /// - Precondition: `bound > 0`.
    package mutating func next(below bound: UInt64) -> UInt64 {
        precondition(bound > 0)
        // The first multiples of `bound` that fit; 2^64 mod bound values are rejected.
        let rejected = (0 &- bound) % bound
        while true {
            let word = next()
            if word >= rejected { return word % bound }
        }
    }

    /// A multiple of 2^-23 in [-1, 1), every one equally likely; exact in float32.
    package mutating func nextSymmetric() -> Float {
        Float(Int32(next() >> 40) - (1 << 23)) / Float(1 << 23)
    }

    /// A permutation of 0..<count (Fisher-Yates from the end).
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, Int(next(below: UInt64(last + 1))))
        }
        return order
    }

    /// `count` words of the stream from a position on, independent of what was taken before.
    /// - Precondition: `first + count <= 2^34`.
    package func words(from first: UInt64, count: Int) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: count)
        let status = unsafe xm_random_words(seed, domain, stream, first, count, &words)
        precondition(status == XM_OK)
        return words
    }
}
