import Cryptography
import Foundation
import Ledger
import Logging
import Node
import Primitives
import Replica
import Storage
import Testing
import Voting

/// A signer over its socket, as a node uses it.
@Suite("Signer process", .serialized)
struct SignerProcessTests {
    private let cluster: TestCluster
    private var socket: String { cluster.root + "/signer.sock" }

    init() throws { cluster = try TestCluster(validators: 1) }

    /// Serves on a thread of its own until the listener is stopped.
    private func start() throws -> UnixListener {
        let listener = try UnixListener(path: socket)
        let (root, genesis) = (cluster.root, cluster.genesis)
        Thread.detachNewThread {
            do {
                var logger = Logger(label: "signer")
                logger.logLevel = .critical
                var server = SignerServer(
                    key: HotKey(try SigningKey(seed: TestCluster.seed(2, 0))),
                    genesis: genesis,
                    lock: try HomeLock(home: root + "/signer"),
                    guardian: try SignGuard(
                        path: root + "/signer/signed",
                        genesis: genesis.hash,
                        chainHasBlocks: false
                    ),
                    listener: listener,
                    logger: logger
                )
                try server.serve()
            } catch {
                Issue.record("the signer ended: \(error)")
            }
        }
        return listener
    }

    private func node() throws -> ValidatorSigner {
        let client = try SignerClient(path: socket, genesis: cluster.genesis.hash)
        return ValidatorSigner(remote: HotKey(signer: client), chain: cluster.genesis.chain)
    }

    private func vote(_ height: UInt64, _ round: UInt32, for block: Digest? = nil) -> Vote {
        Vote(
            kind: .prevote,
            height: Height(height),
            round: Round(round),
            block: block,
            validator: ValidatorIndex(0)
        )
    }

    @Test("it gives the signatures that its record permits, and others refuse with a sentence")
    func signs() throws {
        let listener = try start()
        defer { listener.stop() }
        var node = try node()
        let set = try Database(path: cluster.root + "/chain", genesis: cluster.genesis).now.tip()
            .validators
        guard case .vote(let signed) = try node.sign(.vote(vote(1, 0))) else { return }
        #expect(signed.isSigned(in: set, chain: cluster.genesis.chain))
        try node.confirm(.vote(signed))
        #expect(try node.sign(.vote(vote(1, 0))) == .vote(signed))
        #expect {
            _ = try node.sign(.vote(vote(1, 0, for: .zero)))
        } throws: { error in
            "\(error)".contains("a second time")
        }
        guard case .beacon(_, let proof) = try node.sign(.beacon(alpha: [1, 2])) else { return }
        #expect(try proof == VRF.prove([1, 2], with: SigningKey(seed: TestCluster.seed(2, 0))))
    }

    @Test("a signer that was restarted is found again, and knows what it has signed")
    func restarts() async throws {
        var listener = try start()
        var first = try node()
        let signed = try first.sign(.vote(vote(3, 0)))
        listener.stop()
        #expect(throws: SignGuardError.self) { _ = try SignerClient(path: socket, genesis: .zero) }
        _ = consume first
        try await unlocked()
        listener = try start()
        defer { listener.stop() }
        var second = try node()
        #expect(second.last == SignPosition(height: 3, round: 0, step: .prevote))
        #expect(try second.sign(.vote(vote(3, 0))) == signed)
        #expect(throws: SignGuardError.self) { _ = try second.sign(.vote(vote(2, 0))) }
    }

    /// The thread of the signer before ends when its node has gone.
    private func unlocked() async throws {
        for _ in 0..<500 {
            if (try? HomeLock(home: cluster.root + "/signer")) != nil { return }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test("two nodes with one key are not served in turns")
    func oneNode() throws {
        let listener = try start()
        defer { listener.stop() }
        var first = try node()
        #expect(throws: SignGuardError.self) { _ = try node() }
        _ = try first.sign(.vote(vote(1, 0)))
    }

    @Test("the hot key's account sends verdicts and nothing else")
    func refusesSpending() throws {
        let listener = try start()
        defer { listener.stop() }
        let key = HotKey(signer: try SignerClient(path: socket, genesis: cluster.genesis.hash))
        let spending = Transaction(
            chain: cluster.genesis.chain,
            sender: key.address,
            nonce: 0,
            fee: .zero,
            action: .transfer(Transfer(to: .zero, amount: Amount(tokens: 1)))
        )
        #expect(throws: SignGuardError.self) { _ = try key.sign(spending) }
        let verdict = Transaction(
            chain: cluster.genesis.chain,
            sender: key.address,
            nonce: 0,
            fee: .zero,
            action: .commitVerdict(CommitVerdict(claim: .zero, digest: .zero))
        )
        let own = HotKey(try SigningKey(seed: TestCluster.seed(2, 0)))
        #expect(try key.sign(verdict) == (try own.sign(verdict)))
        #expect(
            try key.salt(claim: .zero, panel: 7) == (try own.salt(claim: .zero, panel: 7))
        )
    }

    @Test("a signer of another chain, or a socket that others may use, is refused")
    func refusesOthers() throws {
        let listener = try start()
        defer { listener.stop() }
        #expect(throws: SignGuardError.otherChain(path: socket)) {
            _ = try SignerClient(path: socket, genesis: .zero)
        }
        #expect(chmod(socket, 0o666) == 0)
        #expect {
            _ = try SignerClient(path: socket, genesis: cluster.genesis.hash)
        } throws: { error in
            "\(error)".contains("0600")
        }
    }
}
