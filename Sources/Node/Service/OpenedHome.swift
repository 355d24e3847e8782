import Ledger
import Primitives
import Replica
import Storage

/// What a node finds in its home: locked, opened and checked against each other.
struct OpenedHome: Sendable {
    let lock: HomeLock
    let database: Database
    let artifacts: ArtifactStore
    private let home: NodeHome
    private let genesis: Genesis
    let hasBlocks: Bool

    init(
        home: NodeHome,
        genesis: Genesis,
        configuration: Configuration
    ) throws(NodeStartError) {
        do {
            lock = try HomeLock(home: home.path)
            database = try Database(
                path: home.database,
                genesis: genesis,
                retention: configuration.storage.retention,
                cacheBytes: configuration.storage.cacheMebibytes << 20
            )
            artifacts = try ArtifactStore(directory: home.artifacts)
            hasBlocks = try database.now.tip().height > .genesis
        } catch {
            throw .storage(error)
        }
        self.home = home
        self.genesis = genesis
    }

    /// The signer of the validator with these keys; nil without any. A signer process keeps the
    /// record itself.
    ///
    /// The record is made at genesis on every node, so that a node which becomes a validator later
    /// has one, and one that is missing is always a lost one.
    func signer(keys: [HotKey]) throws(NodeStartError) -> ValidatorSigner? {
        if let key = keys.first, key.signer != nil {
            return ValidatorSigner(remote: key, chain: genesis.chain)
        }
        do {
            let guardian = try SignGuard(
                path: home.signed,
                genesis: genesis.hash,
                chainHasBlocks: hasBlocks
            )
            guard !keys.isEmpty else { return nil }
            return ValidatorSigner(keys: keys, chain: genesis.chain, guardian: guardian)
        } catch .recordLost where keys.isEmpty {
            // Nobody signs here, so nothing is lost.
            return nil
        } catch {
            throw .fault(.signing(error))
        }
    }
}
