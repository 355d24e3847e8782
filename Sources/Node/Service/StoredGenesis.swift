import Foundation
package import Ledger
package import Primitives
import Replica
import Storage

/// Reads a stopped node's state as the beginning of another chain.
package enum StoredGenesis {
    private static let pageLength = 1_000

    /// - Returns: the genesis, and the height that it was taken at.
    package static func export(
        home: NodeHome,
        genesis: Genesis,
        chain: ChainID
    ) throws(NodeStartError) -> (genesis: Genesis, height: Height) {
        var export = GenesisExport()
        let tip = try read(home, genesis) { key, value throws(GenesisExport.Failure) in
            try export.take(key: key, value: value)
        }
        do { return (try export.genesis(chain: chain, time: tip.time), tip.height) } catch {
            throw .export(error)
        }
    }

    /// Gives every entry of the state, page by page, and returns the tip.
    private static func read(
        _ home: NodeHome,
        _ genesis: Genesis,
        _ take: (_ key: [UInt8], _ value: [UInt8]) throws(GenesisExport.Failure) -> Void
    ) throws(NodeStartError) -> ChainTip {
        let lock: HomeLock
        let reader: ChainReader
        let tip: ChainTip
        var page: [KeyValue] = []
        do throws(StorageError) {
            guard FileManager.default.fileExists(atPath: home.database) else {
                throw .missing(path: home.database)
            }
            lock = try HomeLock(home: home.path)
            reader = try Database(path: home.database, genesis: genesis).now
            tip = try reader.tip()
        } catch {
            throw .storage(error)
        }
        defer { withExtendedLifetime(lock) {} }
        repeat {
            let last = page.last?.key
            do throws(StorageError) {
                page = try reader.stateEntries(prefix: [], after: last, limit: pageLength)
            } catch {
                throw .storage(error)
            }
            for entry in page {
                do { try take(entry.key, entry.value) } catch { throw .export(error) }
            }
        } while page.count == pageLength
        return tip
    }
}
