package import Ledger

/// Why a transaction did not enter the pool.
package enum MempoolRefusal: Error, Sendable, Hashable {
    case ledger(Refusal)
    case alreadyKnown
    /// The pool holds another transaction with this nonce, and the fee is not enough higher.
    case replacementUnderpriced
    case senderFull
    /// There is no room, and nothing cheaper to make some.
    case poolFull
    /// Earlier nonces are missing, and the pool takes no more such transactions now.
    case nonceGap

    /// The stable `data.reason` of the RPC.
    package var reason: String {
        switch self {
        case .ledger(let refusal): refusal.reason
        case .alreadyKnown: "duplicateTransaction"
        case .replacementUnderpriced: "replacementUnderpriced"
        case .senderFull: "senderFull"
        case .poolFull: "mempoolFull"
        case .nonceGap: "nonceGap"
        }
    }
}
