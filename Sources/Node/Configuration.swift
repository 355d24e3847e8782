package import RPC
package import Storage

/// Everything about a node that its operator chooses. What all nodes of a network must agree on is
/// in the genesis document instead.
package struct Configuration: Sendable, Equatable {
    package struct Chain: Sendable, Equatable {
        /// The genesis document; relative paths begin at the home.
        package var genesis = "genesis.json"
    }

    package struct Network: Sendable, Equatable {
        package var host = "127.0.0.1"
        package var port = 26_656
        /// `host:port` or `hex-key@host:port`.
        package var peers: [String] = []
        package var inboundPeers = 64
        /// Peers to find beyond the named ones.
        package var outboundPeers = 8
    }

    package struct Keys: Sendable, Equatable {
        /// The key that other nodes know this one by; made at `node init`.
        package var node = "keys/node.json"
        /// The hot key of a validator; none makes this node a follower.
        package var validator = ""
        /// Its successor while it is being replaced.
        package var nextValidator = ""
        /// `unix:PATH` of a signer process that has the hot key instead; empty for none.
        package var signer = ""
        /// Opens both files; none means that they are unsealed.
        package var passwordFile = ""
    }

    package struct Verifier: Sendable, Equatable {
        /// Whether a validator re-runs the jobs that it is drawn for. Not doing so costs stake.
        package var isEnabled = true
        package var threads = 1
    }

    package struct Storage: Sendable, Equatable {
        /// `archive` keeps everything, `pruned` what a validator needs, `custom` what the two
        /// numbers say.
        package var pruning = "custom"
        /// How many heights of old state are kept for proofs; 0 keeps all.
        package var keptHeights = 10_000
        /// How many blocks are kept; 0 keeps all.
        package var keptBlocks = 0
        package var cacheMebibytes = 64

        package var retention: Retention {
            switch pruning {
            case "archive": .archive
            case "pruned": .pruned
            default: Retention(states: UInt64(keptHeights), blocks: UInt64(keptBlocks))
            }
        }
    }

    package struct Snapshots: Sendable, Equatable {
        /// A snapshot after every so many blocks; 0 takes none.
        package var interval = 10_000
        package var kept = 2
    }

    package struct StateSync: Sendable, Equatable {
        /// Whether a node without blocks looks for a snapshot first.
        package var isEnabled = false
        /// `HEIGHT:HASH` of a block to trust; empty trusts the genesis document.
        package var checkpoint = ""
        package var trustDays = 14
        package var deadlineSeconds = 600
        /// How long a peer may take for one answer.
        package var answerSeconds = 5
    }

    package struct Mempool: Sendable, Equatable {
        package var transactions = 20_000
        package var mebibytes = 32
        package var perSender = 1_024
        package var gapped = 16
        package var bumpPercent = 10
    }

    package struct Metrics: Sendable, Equatable {
        package var isEnabled = true
        package var host = "127.0.0.1"
        /// The port that operators of Tendermint networks scrape.
        package var port = 26_660
    }

    package struct Log: Sendable, Equatable {
        package var level = "info"
        package var format = "plain"
    }

    package var name = "node"
    package var chain = Chain()
    package var rpc = RPCServerConfiguration()
    package var network = Network()
    package var keys = Keys()
    package var verifier = Verifier()
    package var storage = Storage()
    package var snapshots = Snapshots()
    package var stateSync = StateSync()
    package var mempool = Mempool()
    package var metrics = Metrics()
    package var log = Log()

    package init() {}
}
