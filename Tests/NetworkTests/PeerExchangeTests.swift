import Peers
import Primitives
import Testing

@Suite("Finding peers", .serialized)
struct PeerExchangeTests {
    private var limits: NetworkLimits {
        var limits = TestNetwork.limits
        limits.searchInterval = .milliseconds(30)
        limits.addressInterval = .milliseconds(100)
        limits.livenessInterval = .milliseconds(50)
        limits.outboundPeers = 2
        return limits
    }

    @Test("two nodes that know only a third find each other")
    func exchange() async throws {
        let limits = self.limits
        let known = try await TestNetwork(seed: 1, limits: limits)
        let first = try await TestNetwork(seed: 2, peers: [known.address], limits: limits)
        let second = try await TestNetwork(seed: 3, peers: [known.address], limits: limits)
        #expect(await eventually { second.network.connectedPeers.contains(first.key) })
        #expect(await eventually { first.network.connectedPeers.contains(second.key) })
        for network in [first, second, known] { await network.stop() }
    }

    @Test("a banned peer is cut off and stays out, and what it had sent is not acted on")
    func banned() async throws {
        let server = try await TestNetwork(seed: 1, limits: limits)
        let client = try await TestNetwork(seed: 2, peers: [server.address], limits: limits)
        #expect(await eventually { server.network.connectedPeers == [client.key] })
        server.network.ban(client.key)
        #expect(await eventually { server.seen.disconnected == [client.key] })
        try await Task.sleep(for: .milliseconds(500))
        #expect(server.network.connectedPeers.isEmpty)
        #expect(server.seen.connected == [client.key])
        await client.stop()
        await server.stop()
    }
}
