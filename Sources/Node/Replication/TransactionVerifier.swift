// Verifies the signatures of transactions before the replica sees them, so that votes do not wait
// behind them and every processor helps. What it finds decides nothing: the replica verifies for
// itself whatever it has not been told of.

import Dispatch
import Ledger
import Primitives
import Replica
import Storage
import Synchronization

/// The node's signature checks on the way to the pool.
///
/// Messages are taken one after another, so that a sender's nonces keep their order; the
/// signatures of one message are spread over the processors.
final class TransactionVerifier: Sendable {
    /// So many signatures are worth a thread of their own: about a millisecond.
    private static let sliceCount = 32

    private let chain: ChainRecord
    private let state: ChainReader
    private let queue = DispatchQueue(label: "openledger.verifier")
    /// What was verified here, so that a peer that repeats itself costs no verification.
    private let known = Mutex(VerdictCache())

    init(chain: ChainRecord, state: ChainReader) {
        self.chain = chain
        self.state = state
    }

    /// Verifies a peer's transactions and hands over those that are signed.
    func verify(
        _ transactions: [SignedTransaction],
        then take: @escaping @Sendable ([SignedTransaction]) -> Void
    ) {
        queue.async { take(self.verified(transactions)) }
    }

    /// Those that the replica need not verify again. Only what could enter the pool is looked at,
    /// cheapest checks first, and nothing behind a wrong signature: the replica ends that peer.
    func verified(_ transactions: [SignedTransaction]) -> [SignedTransaction] {
        let candidates = known.withLock { known in
            transactions.filter { !known.holds($0) }
        }.filter(isPromising)
        let slices = stride(from: 0, to: candidates.count, by: Self.sliceCount).map {
            candidates[$0..<min($0 + Self.sliceCount, candidates.count)]
        }
        let signed = Mutex([[SignedTransaction]](repeating: [], count: slices.count))
        let verify = { @Sendable (index: Int) in
            let valid = Array(slices[index].prefix { $0.isSigned })
            signed.withLock { $0[index] = valid }
        }
        if slices.count > 1 {
            DispatchQueue.concurrentPerform(iterations: slices.count, execute: verify)
        } else if !slices.isEmpty {
            verify(0)
        }
        let found = signed.withLock { Array($0.joined()) }
        known.withLock { known in
            for transaction in found { known.note(signed: transaction) }
        }
        return found
    }

    /// The nonce may be as far ahead as it likes: only the pool knows what waits before it.
    private func isPromising(_ transaction: SignedTransaction) -> Bool {
        let nonce = transaction.body.nonce
        let standing = try? Admission.check(transaction, chain: chain, pending: nonce, on: state)
        return standing != nil
    }
}
