import RPC
import Testing

@Suite("Request limiter") struct RequestLimiterTests {
    private let start = ContinuousClock.now

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant {
        start + .milliseconds(milliseconds)
    }

    @Test("an address may send a burst of two seconds, then its rate")
    func rate() {
        let limiter = RequestLimiter(rate: 10)
        for _ in 0..<20 { #expect(limiter.permits("192.0.2.1", now: start)) }
        #expect(!limiter.permits("192.0.2.1", now: start))
        #expect(!limiter.permits("192.0.2.1", now: after(99)))
        #expect(limiter.permits("192.0.2.1", now: after(150)))
        #expect(!limiter.permits("192.0.2.1", now: after(150)))
        #expect(limiter.permits("192.0.2.2", now: after(200)), "others are not concerned")
        for _ in 0..<20 { #expect(limiter.permits("192.0.2.1", now: after(60_000))) }
        #expect(!limiter.permits("192.0.2.1", now: after(60_000)))
    }

    @Test("a large body costs more, and what is refused costs nothing")
    func cost() {
        let limiter = RequestLimiter(rate: 10)
        #expect(limiter.permits("192.0.2.1", cost: 15, now: start))
        #expect(!limiter.permits("192.0.2.1", cost: 6, now: start))
        #expect(limiter.permits("192.0.2.1", cost: 5, now: start))
    }

    @Test("this machine is not limited, nor is anybody at rate 0")
    func exempt() {
        let limiter = RequestLimiter(rate: 1)
        for address in ["127.0.0.1", "127.9.9.9", "::1"] {
            for _ in 0..<10 { #expect(limiter.permits(address, now: start)) }
        }
        let none = RequestLimiter(rate: 0)
        for _ in 0..<10 { #expect(none.permits("192.0.2.1", now: start)) }
    }

    @Test("many addresses take bounded memory, and one that is spent stays so while there is room")
    func manyAddresses() {
        let limiter = RequestLimiter(rate: 1)
        #expect(limiter.permits("192.0.2.1", cost: 2, now: start))
        for index in 0..<4_000 { _ = limiter.permits("10.0.0.\(index)", now: start) }
        #expect(!limiter.permits("192.0.2.1", now: start))
        // By now all but the spent one are full again and make room.
        for index in 0..<4_000 { _ = limiter.permits("10.1.0.\(index)", now: after(1_100)) }
        #expect(limiter.permits("192.0.2.1", now: after(1_100)))
        #expect(!limiter.permits("192.0.2.1", now: after(1_100)))
    }

    @Test("the server answers 429 and says when to come again")
    func server() async throws {
        try await RPCServerTests.withServer(requestsPerSecond: 1) { url, _ in
            // All at once: one after the other, a busy machine may take a second for each.
            let statuses = try await withThrowingTaskGroup(of: UInt.self) { tasks in
                for _ in 0..<64 {
                    tasks.addTask { try await RPCServerTests.send(.GET, url + "/health").status }
                }
                return try await tasks.reduce(into: [UInt: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses[200, default: 0] >= 2)
            #expect(statuses[429, default: 0] > 0)
            #expect(statuses.count == 2)
        }
    }
}
