import Foundation
import Glibc
import Ledger
import Node
import Primitives
import Replica
import Storage
import Testing

/// Real processes with real databases, killed without warning at random moments.
@Suite("Nodes killed with SIGKILL", .serialized)
struct KillTests {
    @Test("a lone validator loses no block that it had announced, and never signs twice")
    func alone() async throws {
        let cluster = try TestCluster(validators: 1)
        let home = cluster.home(0)
        let note = cluster.root + "/announced"
        var last: UInt64 = 0
        for round in 0..<8 {
            let delay = 700 + round * 137
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [home = home as String, note = note as String, delay = delay as Int] in
                try await Child.run(
                    validators: 1,
                    index: 0,
                    home: home,
                    port: 0,
                    peers: [],
                    note: note,
                    killAfterMilliseconds: delay
                )
            }
            let database = try Database(path: home + "/chain", genesis: cluster.genesis)
            let tip = try database.now.tip().height.value
            let announced =
                UInt64(
                    (try? String(contentsOfFile: note, encoding: .utf8))?
                        .split(separator: "\n").last ?? "0"
                ) ?? 0
            #expect(tip >= announced && announced >= last)
            #expect(tip <= announced + 1)
            last = announced
            for height in stride(from: 1, through: tip, by: 1) {
                #expect(try database.now.block(at: Height(height)) != nil, "hole at \(height)")
            }
        }
        #expect(last > 8, "the node made blocks between the kills: \(last)")
    }

    @Test("a validator that is killed again and again rejoins each time, and nobody votes twice")
    func among() async throws {
        let cluster = try TestCluster(validators: 4)
        let nodes = try await cluster.start(0..<3)
        let home = cluster.home(3)
        let peers = nodes.map(\.port)
        let note = cluster.root + "/announced"
        let sender = Task {
            var nonce: UInt64 = 0
            while !Task.isCancelled {
                let transaction = try cluster.transfer(nonce: nonce, to: UInt8(nonce % 100 + 1))
                if await nodes[0].node.gateway.submit(transaction) == .accepted { nonce += 1 }
                _ = try await nodes[0].commits(transaction.id)
            }
            return nonce
        }
        for round in 0..<6 {
            let delay = 900 + round * 211
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    home = home as String, note = note as String, delay = delay as Int,
                    peers = peers as [Int]
                ] in
                try await Child.run(
                    validators: 4,
                    index: 3,
                    home: home,
                    port: 0,
                    peers: peers,
                    note: note,
                    killAfterMilliseconds: delay
                )
            }
        }
        sender.cancel()
        let sent = try await sender.value
        let again = try await cluster.start(3, peers: peers)
        let target = await nodes[0].height() + 2
        for node in nodes + [again] { #expect(await node.reaches(target)) }
        #expect(sent > 0)
        try await expectNoFaults(again)
        let lines = try String(contentsOfFile: note, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 6, "the killed node took part: \(lines.count) heights")
        for node in nodes + [again] { await node.stop() }
    }
}

@Suite("A node whose disk refuses writes")
struct RefusedWriteTests {
    @Test("it stops with the storage's error, and what it announced before is there")
    func stops() async throws {
        let cluster = try TestCluster(validators: 1)
        let home = cluster.home(0)
        await #expect(processExitsWith: .exitCode(3)) {
            [home = home as String] in
            signal(SIGXFSZ, SIG_IGN)
            let running = try await Child.start(
                validators: 1,
                index: 0,
                home: home,
                port: 0,
                peers: []
            )
            _ = await running.reaches(2)
            // From now on no file of this process may grow beyond what the log has now.
            var limit = rlimit(rlim_cur: 1, rlim_max: 1)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            do { try await running.finished() } catch is NodeFault { exit(3) }
            exit(4)
        }
        let database = try Database(path: home + "/chain", genesis: cluster.genesis)
        #expect(try database.now.tip().height >= Height(2))
    }
}

/// The life of a child process.
enum Child {
    /// Runs a node, notes every height that it announces, and kills itself.
    static func run(
        validators: Int,
        index: Int,
        home: String,
        port: Int,
        peers: [Int],
        note: String,
        killAfterMilliseconds: Int
    ) async throws {
        Thread.detachNewThread {
            usleep(UInt32(killAfterMilliseconds) * 1000)
            kill(getpid(), SIGKILL)
        }
        let running = try await start(
            validators: validators,
            index: index,
            home: home,
            port: port,
            peers: peers
        )
        let file = open(note, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        for await height in running.node.runner.heights() {
            let line = Array("\(height.value)\n".utf8)
            _ = write(file, line, line.count)
        }
    }

    static func start(
        validators: Int,
        index: Int,
        home: String,
        port: Int,
        peers: [Int]
    ) async throws -> RunningNode {
        try await RunningNode(
            index: index,
            genesis: try TestCluster.genesis(validators: validators),
            home: home,
            port: port,
            peers: peers
        )
    }
}
