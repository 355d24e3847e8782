// Weighted round-robin without a running state: who proposes is a pure function of the set, the
// height and the round, so a client or a restarted node computes it for any height at once.

package import Primitives

/// A cycle of `length` slots in which every validator owns as many as its power, in lowest terms.
///
/// The validators' powers, divided by their greatest common divisor, lie one after the other on a
/// circle of `length` points. Slot `height + round` points at `slot * stride mod length`. The
/// stride is coprime to the length, so a cycle visits every point once: each validator proposes
/// exactly in proportion to its power. The stride is near `length / golden ratio`, the rotation
/// whose visits are most evenly spread (three-distance theorem), so a heavy validator's slots do
/// not come in a row. With equal powers the cycle visits every validator once.
package struct ProposerSchedule: Sendable, Hashable {
    /// `ends[i]` is one past the last point of validator `i`.
    private let ends: [UInt64]
    private let length: UInt64
    private let stride: UInt64

    /// - Precondition: powers are positive and their sum does not overflow.
    package init(powers: [UInt64]) {
        var divisor: UInt64 = 0
        for power in powers { divisor = Self.greatestCommonDivisor(divisor, power) }
        precondition(divisor > 0)
        var ends: [UInt64] = []
        var end: UInt64 = 0
        for power in powers {
            end += power / divisor
            ends.append(end)
        }
        self.ends = ends
        length = end
        stride = Self.stride(length: end)
    }

    package func proposer(height: Height, round: Round) -> ValidatorIndex {
        let slot = (height.value % length + UInt64(round.value) % length) % length
        let product = slot.multipliedFullWidth(by: stride)
        let point = length.dividingFullWidth((product.high, product.low)).remainder
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= point { low = middle + 1 } else { high = middle }
        }
        return ValidatorIndex(UInt16(low))
    }

    /// The coprime of `length` nearest above `length / golden ratio`, or 1 in a cycle of one or
    /// two. Few steps: among consecutive integers coprimes are dense.
    private static func stride(length: UInt64) -> UInt64 {
        guard length > 2 else { return 1 }
        // 2^64 / golden ratio, rounded.
        let inverseGolden: UInt64 = 0x9e37_79b9_7f4a_7c15
        var candidate = max(1, length.multipliedFullWidth(by: inverseGolden).high)
        while greatestCommonDivisor(candidate, length) != 1 { candidate += 1 }
        return candidate
    }

    private static func greatestCommonDivisor(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
