// Random numbers from a beacon: the same for everybody, and unknown before the beacon is.

import Cryptography
package import Primitives

/// Integers from `H(seed ‖ counter)`, BLAKE2b-256 a block. Bounded draws reject the values that
/// would make small results likelier, so every result has exactly the same chance.
package struct KeyedStream: Sendable {
    private let seed: Digest
    private var counter: UInt64 = 0
    private var block: [UInt8] = []

    package init(seed: Digest) { self.seed = seed }

    private mutating func nextInteger<Value: FixedWidthInteger & UnsignedInteger>() -> Value {
        let count = Value.bitWidth / 8
        if block.count < count {
            var writer = BorshWriter()
            writer.write(seed)
            writer.write(counter)
            counter += 1
            block = taggedHash(LedgerTag.stream, writer.bytes).bytes
        }
        var value: Value = 0
        for byte in block.suffix(count) { value = value << 8 | Value(byte) }
        block.removeLast(count)
        return value
    }

    /// A number from 0 to `bound - 1`.
    /// - Precondition: `bound > 0`.
    package mutating func next(below bound: UInt64) -> UInt64 { draw(below: bound) }

    /// A number from 0 to `bound - 1`.
    /// - Precondition: `bound > 0`.
    package mutating func next(below bound: UInt128) -> UInt128 { draw(below: bound) }

    private mutating func draw<Value: FixedWidthInteger & UnsignedInteger>(
        below bound: Value
    ) -> Value {
        precondition(bound > 0)
        // 2^width mod bound: as many of the smallest values are rejected, so that the count of
        // the others is a multiple of the bound.
        let rejected = (0 &- bound) % bound
        while true {
            let value: Value = nextInteger()
            if value >= rejected { return value % bound }
        }
    }
}
