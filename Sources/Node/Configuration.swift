package import RPC

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
        /// Opens both files; none means that they are unsealed.
        package var passwordFile = ""
    }

    package struct Verifier: Sendable, Equatable {
        /// Whether a validator re-runs the jobs that it is drawn for. Not doing so costs stake.
        package var isEnabled = true
        package var threads = 1
    }

    package struct Storage: Sendable, Equatable {
        /// How many heights of old state are kept for proofs; 0 keeps all.
        package var keptHeights = 10_000
        package var cacheMebibytes = 64
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
    package var metrics = Metrics()
    package var log = Log()

    package init() {}
}
