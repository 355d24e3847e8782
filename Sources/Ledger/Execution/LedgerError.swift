package import Primitives

/// Why a block could not be executed. None of these is a transaction's fault: a replica that
/// sees one does not vote for the block, and does not commit it.
package enum LedgerError: Error, Equatable {
    case read(StateReadError)
    /// A value in the state does not decode: the store is damaged.
    case corruptState(key: [UInt8])
    /// The state holds no genesis.
    case missingGenesis
    case supplyMismatch(expected: Amount, found: Amount)
    /// A sum or difference that the rules make impossible.
    case arithmetic
    case invalidValidatorSet
    /// The state is not that of the height before.
    case heightOutOfOrder(found: Height)
}
