import AsyncHTTPClient
import Foundation
import Glibc
import Node
import RPC
import Testing

@Suite("Metrics of a node")
struct MetricsTests {
    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        try #require(bound)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static func get(_ path: String, port: Int) async throws -> (type: String, body: String) {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        let reply = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await reply.body.collect(upTo: 1 << 20)
        return (reply.headers.first(name: "content-type") ?? "", String(buffer: body))
    }

    /// The value of a metric without labels.
    static func value(_ name: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    @Test("a validator counts its blocks, transactions and bytes for who scrapes it")
    func scrape() async throws {
        let cluster = try TestCluster(validators: 2)
        let port = try Self.freePort()
        let first = try await cluster.start(0, peers: [], metricsPort: port)
        let second = try await cluster.start(1, peers: [first.port])
        let transfer = try cluster.transfer(nonce: 0, to: 7)
        #expect(await first.reaches(1))
        _ = await first.node.gateway.submit(transfer)
        _ = try await first.commits(transfer.id)
        let height = await first.height()
        #expect(await first.reaches(height + 2))
        var text = ""
        // The counting follows the chain and may be a moment behind it.
        for _ in 0..<500 where (Self.value("openledger_consensus_total_txs", in: text) ?? 0) < 1 {
            let reply = try await Self.get("/metrics", port: port)
            #expect(reply.type == "text/plain; version=0.0.4; charset=utf-8")
            text = reply.body
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(Self.value("openledger_consensus_total_txs", in: text) == 1)
        #expect(try #require(Self.value("openledger_consensus_height", in: text)) >= 2)
        #expect(Self.value("openledger_consensus_validators", in: text) == 2)
        #expect(Self.value("openledger_consensus_missing_validators", in: text) == 0)
        #expect(Self.value("openledger_consensus_validator_missed_blocks", in: text) == 0)
        #expect(Self.value("openledger_p2p_peers", in: text) == 1)
        #expect(Self.value("openledger_node_halted", in: text) == 0)
        #expect(Self.value("openledger_mempool_size", in: text) == 0)
        let consensus = "openledger_p2p_message_send_bytes_total{channel=\"consensus\"}"
        #expect(try #require(Self.value(consensus, in: text)) > 100)
        let intervals = "openledger_consensus_block_interval_seconds_count"
        #expect(try #require(Self.value(intervals, in: text)) >= 1)
        #expect(try #require(Self.value("process_resident_memory_bytes", in: text)) > 1e6)
        #expect(try #require(Self.value("openledger_disk_free_bytes", in: text)) > 0)
        try expectNames(in: text)
        await second.stop()
        await first.stop()
    }

    /// What the shipped alerts and the dashboard ask for is what a node tells.
    private func expectNames(in text: String) throws {
        let name = /(?:openledger_(?:consensus|p2p|mempool|node|disk|blocksync)|process)_[a-z_]+/
        for file in ["alerts.yml", "dashboard.json"] {
            let path = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../ops/\(file)").path
            let names = Set(
                try String(contentsOfFile: path, encoding: .utf8)
                    .matches(of: name)
                    .map { String($0.output) }
            )
            #expect(names.count > 5)
            for name in names.sorted() {
                #expect(text.contains("\n\(name)"), "\(file) asks for \(name)")
            }
        }
    }

    @Test("a port that is taken is named with the setting that changes it")
    func taken() async throws {
        let cluster = try TestCluster(validators: 1)
        let port = try Self.freePort()
        let first = try await cluster.start(0, peers: [], metricsPort: port)
        #expect(await first.reaches(1))
        let other = try TestCluster(validators: 1)
        let second = try await other.start(0, peers: [], metricsPort: port)
        let error = await #expect(throws: MetricsServerError.self) { try await second.finished() }
        #expect(error.map { "\($0)" }?.contains("set metrics.port") == true)
        await first.stop()
    }
}
