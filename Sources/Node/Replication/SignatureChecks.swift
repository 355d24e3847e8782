import Dispatch
package import Ledger
import Synchronization

/// Checks many signatures at once. Each check is the one that is made alone; they only stand side by
/// side on the machine's cores.
package enum SignatureChecks {
    /// Fewer are not worth waking another core.
    private static let chunk = 32

    package static let parallel: @Sendable ([SignedTransaction]) -> [Bool] = { transactions in
        let parts = (transactions.count + chunk - 1) / chunk
        guard parts > 1 else { return transactions.map { $0.isSigned } }
        let verdicts = Mutex([Bool](repeating: false, count: transactions.count))
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let range = part * chunk..<min(transactions.count, (part + 1) * chunk)
            let own = transactions[range].map { $0.isSigned }
            verdicts.withLock { $0.replaceSubrange(range, with: own) }
        }
        return verdicts.withLock { $0 }
    }
}
