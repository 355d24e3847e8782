import Foundation
import JSON
import Ledger
import NIOCore
import NIOPosix
import Node
import Peers
import Primitives
import RPC

extension Examination {
    /// What the home's node says of itself; nil when none answers.
    func status(_ configuration: Configuration) async -> JSON? {
        try? await client(configuration).call("chain_status")
    }

    private func client(_ configuration: Configuration) -> NodeClient {
        NodeClient(url: "http://\(Self.dialled(configuration.rpc.host)):\(configuration.rpc.port)")
    }

    /// Where to reach what listens on all addresses.
    private static func dialled(_ host: String) -> String {
        ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
    }

    func running(
        _ status: JSON,
        _ configuration: Configuration,
        _ genesis: Genesis
    ) async -> [Finding] {
        guard status["genesis"]?.string == "\(genesis.hash)" else {
            return [.fail("node", "rpc.port answers for another chain: another node has the port")]
        }
        var findings: [Finding] = []
        let height = status["height"]?.integer(UInt64.self) ?? 0
        if let fault = status["fault"]?.string {
            findings.append(.fail("node", "it has halted: \(fault)"))
        } else if status["isSynchronising"] == true {
            findings.append(.warn("node", "it is catching up, at height \(height)"))
        } else {
            findings.append(.ok("node", "it runs, at height \(height)"))
        }
        let peers = status["peers"]?.integer(Int.self) ?? 0
        let configured = configuration.network.peers.count
        if peers == 0 && configured > 0 {
            findings.append(
                .fail(
                    "peers",
                    "none of \(configured) is connected: check network.peers and firewall"
                )
            )
        } else if peers < configured {
            findings.append(.warn("peers", "\(peers) connected, \(configured) configured"))
        } else {
            findings.append(.ok("peers", "\(peers) connected"))
        }
        findings.append(await clock(configuration, genesis, from: height))
        return findings
    }

    // MARK: Clock

    private static let patience = Duration.seconds(6)

    /// A block carries its proposer's time; what others propose shows how far the clocks are apart,
    /// give or take the time that a block takes.
    private func clock(
        _ configuration: Configuration,
        _ genesis: Genesis,
        from height: UInt64
    ) async -> Finding {
        let client = client(configuration)
        let allowed = Double(genesis.parameters.timing.clockSkewMilliseconds)
        var ages: [Double] = []
        var seen = height
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end, ages.count < 8 {
            try? await Task.sleep(for: .milliseconds(20))
            guard let status = try? await client.call("chain_status"),
                let height = status["height"]?.integer(UInt64.self), height > seen,
                let time = status["blockTime"]?.integer(UInt64.self)
            else { continue }
            seen = height
            ages.append(Date.now.timeIntervalSince1970 * 1_000 - Double(time))
        }
        guard let youngest = ages.min() else {
            return .warn("clock", "no block came within 6 s, so it was not compared with others'")
        }
        let text = String(format: "blocks of others are %.0f ms old when they are final", youngest)
        if youngest < -allowed / 4 {
            return .fail("clock", text + ": this machine's clock is behind; check timedatectl")
        }
        if youngest > allowed {
            return .warn(
                "clock",
                text + ": the clock is ahead, or blocks take long; check timedatectl"
            )
        }
        return .ok("clock", text)
    }

    // MARK: Ports and peers of a node that does not run

    func ports(_ configuration: Configuration) async -> [Finding] {
        var wanted = [
            ("rpc.port", configuration.rpc.host, configuration.rpc.port),
            ("network.port", configuration.network.host, configuration.network.port),
        ]
        if configuration.metrics.isEnabled {
            wanted.append(("metrics.port", configuration.metrics.host, configuration.metrics.port))
        }
        var findings: [Finding] = []
        for (setting, host, port) in wanted {
            do {
                let channel = try await ServerBootstrap(
                    group: MultiThreadedEventLoopGroup.singleton
                )
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
                try await channel.close()
                findings.append(
                    .ok(setting, port == 0 ? "any free port" : "\(host):\(port) is free")
                )
            } catch {
                let why = (error as? IOError).map { "\($0)" } ?? "\(error)"
                findings.append(
                    .fail(
                        setting,
                        "\(host):\(port) cannot be taken (\(why)): stop what has it, or set \(setting)"
                    )
                )
            }
        }
        return findings
    }

    func reachability(_ configuration: Configuration) async -> [Finding] {
        let peers = configuration.network.peers
        guard !peers.isEmpty else {
            return [.warn("peers", "network.peers is empty: others have to find this node")]
        }
        var missing: [String] = []
        for text in peers {
            guard let address = PeerAddress(text) else {
                return [
                    .fail("peers", "\"\(text)\" is not a peer: write host:port or key@host:port")
                ]
            }
            do {
                let channel = try await ClientBootstrap(
                    group: MultiThreadedEventLoopGroup.singleton
                )
                .connectTimeout(.seconds(2))
                .connect(host: address.host, port: address.port).get()
                try await channel.close()
            } catch {
                missing.append("\(address.host):\(address.port)")
            }
        }
        let list = missing.joined(separator: ", ")
        if missing.count == peers.count {
            return [
                .fail("peers", "none can be reached (\(list)): check network.peers and firewall")
            ]
        }
        return missing.isEmpty
            ? [.ok("peers", "all \(peers.count) can be reached")]
            : [.warn("peers", "cannot be reached: \(list)")]
    }
}
