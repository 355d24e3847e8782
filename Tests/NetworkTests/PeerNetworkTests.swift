import Cryptography
import Foundation
import NIOCore
import Peers
import Primitives
import TestSupport
import Testing

@Suite("Peer network on real sockets", .serialized)
struct PeerNetworkTests {
    @Test("two nodes connect, know each other's keys, and carry messages of every channel")
    func messages() async throws {
        let server = try await TestNetwork(seed: 1)
        let client = try await TestNetwork(seed: 2, peers: [server.address])
        #expect(await eventually { client.seen.connected == [server.key] })
        #expect(await eventually { server.seen.connected == [client.key] })
        var random = SeededGenerator(seed: 5)
        let sent = NetworkChannel.allCases.map { ($0, random.bytes($0.messageBytesLimit)) }
        for (channel, bytes) in sent {
            #expect(client.network.send(bytes, on: channel, to: server.key))
        }
        server.network.broadcast([], on: .consensus)
        #expect(await eventually { server.seen.messages.count == sent.count })
        for (channel, bytes) in sent {
            #expect(server.seen.messages.contains { $0.channel == channel && $0.bytes == bytes })
        }
        #expect(await eventually { client.seen.messages.count == 1 })
        #expect(!client.network.send([1], on: .consensus, to: client.key))
        await client.stop()
        #expect(await eventually { server.network.connectedPeers.isEmpty })
        #expect(await eventually { server.seen.disconnected.contains(client.key) })
        await server.stop()
    }

    @Test("a node of another chain, and a node with another key than configured, stay out")
    func wrongPrologue() async throws {
        let server = try await TestNetwork(seed: 1)
        let stranger = try await TestNetwork(
            seed: 2,
            peers: [server.address],
            context: HandshakeContext(chain: Array("other".utf8), genesis: .zero)
        )
        let other = taggedHash(HashTag("other"), [])
        let misled = try await TestNetwork(
            seed: 3,
            peers: [
                PeerAddress(host: "127.0.0.1", port: server.port, key: PublicKey(other.bytes))
            ]
        )
        try await Task.sleep(for: .milliseconds(600))
        #expect(stranger.seen.connected.isEmpty && misled.seen.connected.isEmpty)
        #expect(server.network.connectedPeers.isEmpty)
        for node in [server, stranger, misled] { await node.stop() }
    }

    @Test("one flipped bit in a sealed frame closes the connection, in both directions")
    func tampering() async throws {
        for direction in [FlippingProxy.Direction.toServer, .toClient] {
            let server = try await TestNetwork(seed: 1)
            let proxy = try await FlippingProxy(to: server.port, flipping: direction, at: 1500)
            let client = try await TestNetwork(
                seed: 2,
                peers: [PeerAddress(host: "127.0.0.1", port: proxy.port)]
            )
            #expect(await eventually { client.seen.connected == [server.key] })
            #expect(await eventually { server.seen.connected == [client.key] })
            let bytes = [UInt8](repeating: 7, count: 5000)
            if direction == .toServer {
                client.network.send(bytes, on: .consensus, to: server.key)
            } else {
                server.network.send(bytes, on: .consensus, to: client.key)
            }
            #expect(await eventually { server.seen.disconnected == [client.key] })
            #expect(await eventually { !client.seen.disconnected.isEmpty })
            #expect(server.seen.messages.isEmpty && client.seen.messages.isEmpty)
            await client.stop()
            await server.stop()
            try await proxy.close()
        }
    }

    @Test("a flipped bit anywhere in the handshake leaves no connection")
    func tamperedHandshake() async throws {
        let server = try await TestNetwork(seed: 1)
        // To the server: prefix and 32 bytes, then prefix and 160 bytes. To the client: 192 bytes.
        let places: [(FlippingProxy.Direction, Int)] = [
            (.toServer, 3), (.toServer, 10), (.toServer, 39), (.toServer, 45), (.toServer, 150),
            (.toClient, 2), (.toClient, 20), (.toClient, 60), (.toClient, 190),
        ]
        for (direction, position) in places {
            let proxy = try await FlippingProxy(to: server.port, flipping: direction, at: position)
            let client = try await TestNetwork(
                seed: 2,
                peers: [PeerAddress(host: "127.0.0.1", port: proxy.port)]
            )
            try await Task.sleep(for: .milliseconds(100))
            #expect(server.seen.connected.isEmpty, "\(direction) \(position)")
            await client.stop()
            try await proxy.close()
        }
        await server.stop()
    }

    @Test("a 4 GiB length prefix and garbage are refused at once, and silence at the deadline")
    func garbage() async throws {
        let server = try await TestNetwork(seed: 1)
        let huge = try await RawClient(port: server.port)
        try await huge.send([0xff, 0xff, 0xff, 0xff])
        #expect(await eventually { huge.isClosed })
        let overLimit = try await RawClient(port: server.port)
        try await overLimit.send([0, 0, 4, 1])
        #expect(await eventually { overLimit.isClosed })
        let http = try await RawClient(port: server.port)
        try await http.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(await eventually { http.isClosed })
        let silent = try await RawClient(port: server.port)
        try await Task.sleep(for: .milliseconds(300))
        #expect(!silent.isClosed)
        #expect(await eventually { silent.isClosed })
        await server.stop()
    }

    @Test("idle sockets above the limit of handshakes are turned away, and room returns")
    func handshakeFlood() async throws {
        var limits = TestNetwork.limits
        limits.inbound.pending = 10
        let server = try await TestNetwork(seed: 1, limits: limits)
        var clients: [RawClient] = []
        for _ in 0..<30 { clients.append(try await RawClient(port: server.port)) }
        let all = clients
        #expect(await eventually { all.count(where: \.isClosed) >= 20 })
        #expect(await eventually { all.allSatisfy(\.isClosed) })
        let late = try await TestNetwork(seed: 2, peers: [server.address])
        #expect(await eventually { late.seen.connected == [server.key] })
        await late.stop()
        await server.stop()
    }

    @Test("a consumer that does not take messages stops the sender, within the budgets")
    func slowPeer() async throws {
        var limits = TestNetwork.limits
        limits.unconsumedStrangerBytes = 1 << 20
        let slow = try await TestNetwork(seed: 1, consumes: false, limits: limits)
        let sender = try await TestNetwork(seed: 2, peers: [slow.address])
        #expect(await eventually { sender.seen.connected == [slow.key] })
        let message = [UInt8](repeating: 1, count: 1 << 20)
        var accepted = 0
        for _ in 0..<400 {
            if sender.network.send(message, on: .artifacts, to: slow.key) { accepted += 1 }
            try await Task.sleep(for: .milliseconds(2))
        }
        // Its queue, the sockets' buffers, and what the slow side took before it paused.
        #expect(accepted < 40, "\(accepted) MiB were taken for a peer that reads nothing")
        // The sender sees that nothing is taken, and gives up the connection.
        #expect(await eventually { sender.seen.disconnected == [slow.key] })
        await sender.stop()
        await slow.stop()
    }

    @Test("a node that was restarted on its port is connected again, and messages flow")
    func reconnects() async throws {
        let first = try await TestNetwork(seed: 1)
        let address = first.address
        let client = try await TestNetwork(seed: 2, peers: [address])
        #expect(await eventually { client.seen.connected.count == 1 })
        await first.stop()
        #expect(await eventually { client.seen.disconnected.count == 1 })
        try await Task.sleep(for: .milliseconds(300))
        let second = try await TestNetwork(seed: 1, port: address.port)
        #expect(await eventually { client.seen.connected.count == 2 })
        #expect(client.network.send([5], on: .blockSync, to: second.key))
        #expect(await eventually { second.seen.messages.count == 1 })
        await client.stop()
        await second.stop()
    }

    @Test("nodes that dial each other at the same moment end with one connection that works")
    func simultaneous() async throws {
        for round in 0..<5 {
            let ports = try await freePorts(4)
            let keys = try (UInt8(1)...4).map {
                try SigningKey(seed: [UInt8](repeating: $0, count: 32)).publicKey
            }
            var nodes: [TestNetwork] = []
            for index in 0..<4 {
                let peers = (0..<4).filter { $0 != index }.map {
                    PeerAddress(
                        host: "127.0.0.1",
                        port: ports[$0],
                        key: round % 2 == 0 ? keys[$0] : nil
                    )
                }
                nodes.append(
                    try await TestNetwork(
                        seed: UInt8(index + 1),
                        port: ports[index],
                        peers: peers
                    )
                )
            }
            let all = nodes
            #expect(await eventually { all.allSatisfy { $0.network.connectedPeers.count == 3 } })
            try await Task.sleep(for: .milliseconds(400))
            for node in all { node.network.broadcast([9], on: .consensus) }
            #expect(await eventually { all.allSatisfy { $0.seen.messages.count == 3 } })
            for node in all { await node.stop() }
        }
    }

    @Test("a port in use is reported as such")
    func portInUse() async throws {
        let first = try await TestNetwork(seed: 1)
        await #expect(throws: NetworkError.portInUse(host: "127.0.0.1", port: first.port)) {
            _ = try await TestNetwork(seed: 2, port: first.port)
        }
        await first.stop()
    }

    private func freePorts(_ count: Int) async throws -> [Int] {
        var nodes: [TestNetwork] = []
        for index in 0..<count { nodes.append(try await TestNetwork(seed: UInt8(100 + index))) }
        for node in nodes { await node.stop() }
        return nodes.map(\.port)
    }
}

@Suite("Peer addresses")
struct PeerAddressTests {
    @Test("addresses are read as they are written")
    func roundTrip() throws {
        let key = String(repeating: "ab", count: 32)
        for text in ["localhost:80", "\(key)@10.0.0.1:65535", "[::1]:7000"] {
            #expect(try #require(PeerAddress(text)).description == text)
        }
    }

    @Test(
        "malformed addresses are refused",
        arguments: ["", "host", "host:", "host:0", "host:65536", ":80", "abcd@host:80", "@host:80"]
    )
    func malformed(text: String) { #expect(PeerAddress(text) == nil) }
}
