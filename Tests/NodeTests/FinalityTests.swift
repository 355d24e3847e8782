import Ledger
import Node
import Primitives
import RPC
import Testing

@Suite("Finality on loopback", .serialized)
struct FinalityTests {
    @Test("a waiting transfer is final within a second with four validators, and times are printed")
    func latency() async throws {
        let cluster = try TestCluster(validators: 4)
        let nodes = try await cluster.start(0..<4)
        #expect(await nodes[0].reaches(2))
        var times: [Duration] = []
        for nonce in UInt64(0)..<40 {
            let transaction = try cluster.transfer(nonce: nonce, to: 3)
            let start = ContinuousClock.now
            #expect(await nodes[0].node.gateway.submit(transaction) == .accepted)
            for await _ in nodes[0].node.runner.heights() {
                if case .committed? = try await nodes[0].node.gateway.transaction(transaction.id) {
                    break
                }
            }
            times.append(.now - start)
        }
        times.sort()
        print("finality: median \(times[20]), 90th percentile \(times[36]), worst \(times[39])")
        #expect(times[20] < .seconds(1))
        for node in nodes { await node.stop() }
    }
}
