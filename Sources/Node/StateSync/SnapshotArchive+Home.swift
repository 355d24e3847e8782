package import Ledger
package import LightClient
import Storage

extension SnapshotArchive {
    /// Restores into a home that has no blocks, under its lock; the home's database is replaced
    /// only when the whole archive has been checked.
    package static func restore(
        _ path: String,
        genesis: Genesis,
        checkpoint: Checkpoint?,
        rules: LightClientRules,
        now: UInt64,
        into home: NodeHome
    ) throws -> LightBlock {
        guard let lock = try StateSyncPhase.prepare(home, genesis, Configuration()) else {
            throw SnapshotArchiveError.file(path: home.path, detail: "the node has blocks already")
        }
        let incoming = home.database + ".incoming"
        let block = try restore(
            path,
            genesis: genesis,
            checkpoint: checkpoint,
            rules: rules,
            now: now,
            to: incoming
        )
        do { try StateImport.replace(home.database, with: incoming) } catch {
            throw SnapshotArchiveError.storage(error)
        }
        withExtendedLifetime(lock) {}
        return block
    }
}
