/// Where in the protocol a signature belongs. A validator signs each position once, in order.
package struct SignPosition: Sendable, Hashable, Comparable {
    /// In the order in which one round asks for them.
    package enum Step: UInt8, Sendable {
        case proposal
        case prevote
        case precommit
    }

    package let height: UInt64
    package let round: UInt32
    package let step: Step

    package init(height: UInt64, round: UInt32, step: Step) {
        self.height = height
        self.round = round
        self.step = step
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.height, left.round, left.step.rawValue)
            < (right.height, right.round, right.step.rawValue)
    }
}

extension SignPosition: CustomStringConvertible {
    package var description: String { "height \(height), round \(round), \(step)" }
}
