import Peers
import Replica
import Telemetry

/// All metrics of a node, read when they are asked for. Their suffixes are those of CometBFT, so
/// that dashboards and alerts written for it need only another prefix.
struct NodeMetrics: Sendable {
    let blocks: BlockStatistics
    let runner: ReplicaRunner
    let home: String

    func text() async -> String {
        let pool = await runner.inspect { replica, isSynchronising in
            Pool(
                count: replica.mempool.count,
                bytes: replica.mempool.byteCount,
                isSynchronising: isSynchronising
            )
        }
        return PrometheusText.render(
            consensus() + network() + waiting(pool) + ProcessStatistics.families(home: home)
        )
    }

    private struct Pool: Sendable {
        let count: Int
        let bytes: Int
        let isSynchronising: Bool
    }

    private func consensus() -> [MetricFamily] {
        let state = blocks.current
        func gauge(_ suffix: String, _ help: String, _ value: some BinaryInteger) -> MetricFamily {
            .gauge("openledger_consensus_\(suffix)", help, Double(value))
        }
        return [
            gauge("height", "The last final block.", state.height),
            gauge("rounds", "The round that decided the block before the last.", state.round),
            gauge("validators", "Validators that may vote.", state.validators),
            gauge("validators_power", "Their voting power.", state.power),
            gauge("missing_validators", "Absent from the last certificate.", state.missing),
            gauge("missing_validators_power", "Their voting power.", state.missingPower),
            gauge("byzantine_validators", "Double votes named in the last block.", state.evidence),
            gauge("num_txs", "Transactions of the last block.", state.transactions),
            gauge("block_size_bytes", "Size of the last block.", state.bytes),
            gauge("latest_block_time_seconds", "When the last block was made.", state.time / 1000),
            .counter(
                "openledger_consensus_total_txs",
                "Transactions that became final since this node started.",
                Double(state.allTransactions)
            ),
            .counter(
                "openledger_consensus_validator_missed_blocks",
                "Certificates since the start in which this node's validator is absent.",
                Double(state.missedByUs)
            ),
            .histogram(
                "openledger_consensus_block_interval_seconds",
                "From one block's time to the next one's.",
                state.intervals
            ),
        ]
    }

    private func network() -> [MetricFamily] {
        let network = runner.network
        func bytes(_ name: String, _ help: String, _ value: (PeerTraffic.Count) -> UInt64)
            -> MetricFamily
        {
            MetricFamily(
                "openledger_p2p_message_\(name)_bytes_total",
                help,
                NetworkChannel.allCases.map { channel in
                    .init(
                        .counter(Double(value(network.traffic[channel]))),
                        labels: [.init("channel", "\(channel)")]
                    )
                }
            )
        }
        return [
            .gauge(
                "openledger_p2p_peers",
                "Connected peers.",
                Double(network.connectedPeers.count)
            ),
            bytes("send", "Bytes of messages to peers.") { $0.sent },
            bytes("receive", "Bytes of messages from peers.") { $0.received },
        ]
    }

    /// - Parameter pool: nil once a fault has stopped the replica.
    private func waiting(_ pool: Pool?) -> [MetricFamily] {
        let halted = MetricFamily.gauge(
            "openledger_node_halted",
            "1 when a fault has stopped the replica.",
            pool == nil ? 1 : 0
        )
        guard let pool else { return [halted] }
        return [
            halted,
            .gauge("openledger_mempool_size", "Transactions that wait.", Double(pool.count)),
            .gauge("openledger_mempool_size_bytes", "Their bytes.", Double(pool.bytes)),
            .gauge(
                "openledger_blocksync_syncing",
                "1 while blocks are being fetched from peers.",
                pool.isSynchronising ? 1 : 0
            ),
        ]
    }
}
