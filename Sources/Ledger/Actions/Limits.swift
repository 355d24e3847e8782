// Limits that are part of the encoding: no chain parameter can raise them.

package import Primitives

/// The longest byte fields and lists of actions.
package enum ActionLimit {
    package static let name = 64
    package static let recipe = 1_024
    package static let curated = 64
    package static let vouchers = 64
    package static let settlementRows = 512
}

extension BorshReader {
    /// A part of a thousand, at most the whole.
    package mutating func readPerMille() throws(BorshError) -> UInt16 {
        let value = try readUInt16()
        try require(value <= 1_000, "per mille")
        return value
    }
}
