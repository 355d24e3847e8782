package import Cryptography
package import Ledger
import LightClient
package import Logging
import Peers
import Primitives
import Replica
import Storage

extension StateSyncPhase {
    /// Joins by a snapshot if the home has no blocks yet; nil if it has. The home is locked
    /// meanwhile, and its signing record is made, as it is for every new node.
    package static func join(
        configuration: Configuration,
        home: NodeHome,
        genesis: Genesis,
        nodeKey: borrowing SigningKey,
        logger: Logger
    ) async throws(NodeStartError) -> StateSyncOutcome? {
        guard let lock = try prepare(home, genesis, configuration) else { return nil }
        let text = configuration.stateSync.checkpoint
        guard text.isEmpty || Checkpoint(text: text) != nil else { throw .badCheckpoint(text) }
        let sync: StateSyncConfiguration
        do { sync = try rules(configuration, genesis) } catch {
            return .failed(.trust(error))
        }
        var network = try Node.networkConfiguration(
            configuration,
            genesis,
            known: PeerFile(path: home.peers, logger: logger)
        )
        // Others find the node when it has something to say.
        network.port = 0
        let phase = StateSyncPhase(
            network: PeerNetwork(
                configuration: network,
                identity: PeerIdentity(signedBy: nodeKey),
                logger: logger
            ),
            configuration: sync,
            genesis: genesis,
            database: home.database,
            logger: logger
        )
        let outcome = await phase.run()
        withExtendedLifetime(lock) {}
        return outcome
    }

    /// Nil if the database has blocks. It is closed again on return.
    static func prepare(
        _ home: NodeHome,
        _ genesis: Genesis,
        _ configuration: Configuration
    ) throws(NodeStartError) -> HomeLock? {
        let opened = try OpenedHome(home: home, genesis: genesis, configuration: configuration)
        _ = try opened.signer(keys: [])
        return opened.hasBlocks ? nil : opened.lock
    }

    private static func rules(
        _ configuration: Configuration,
        _ genesis: Genesis
    ) throws(LightClientError) -> StateSyncConfiguration {
        let settings = configuration.stateSync
        var sync = StateSyncConfiguration(
            root: try TrustedHeader(genesis: genesis),
            rules: LightClientRules(
                chain: genesis.chain,
                trustPeriod: UInt64(settings.trustDays) * 86_400_000
            )
        )
        sync.checkpoint = Checkpoint(text: settings.checkpoint)
        sync.answerMilliseconds = UInt64(settings.answerSeconds) * 1_000
        sync.deadlineMilliseconds = UInt64(settings.deadlineSeconds) * 1_000
        return sync
    }
}

extension StateSyncOutcome: CustomStringConvertible {
    package var description: String {
        switch self {
        case .joined(let height, let entries):
            "joined at height \(height.value) with \(entries) entries, all verified"
        case .failed(.conflict(let conflict)):
            StateSyncFailure.conflict(conflict).description
        case .failed(let failure): "\(failure); going on with the blocks from the first one"
        case .storage(let error): "\(error); going on with the blocks from the first one"
        }
    }
}
