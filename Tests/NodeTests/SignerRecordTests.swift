import Cryptography
import Foundation
import Node
import Primitives
import Replica
import Storage
import Testing
import Voting

/// The signing record against a log that a bad disk or a restored backup has set back.
@Suite("Signing record and log")
struct SignerRecordTests {
    private let cluster: TestCluster
    private let tip: ChainTip

    init() throws {
        cluster = try TestCluster(validators: 1)
        tip = try Database(path: cluster.root + "/chain", genesis: cluster.genesis).now.tip()
    }

    /// The signer as it would be after a restart of the process.
    private func reopen() throws -> ValidatorSigner {
        ValidatorSigner(
            keys: [HotKey(try SigningKey(seed: TestCluster.seed(2, 0)))],
            chain: cluster.genesis.chain,
            guardian: try SignGuard(
                path: cluster.root + "/signed",
                genesis: cluster.genesis.hash,
                chainHasBlocks: false
            )
        )
    }

    private func vote(
        _ height: UInt64,
        _ round: UInt32,
        _ kind: Vote.Kind = .prevote,
        for block: Digest? = nil
    ) -> SignRequest {
        .vote(
            Vote(
                kind: kind,
                height: Height(height),
                round: Round(round),
                block: block,
                validator: ValidatorIndex(0)
            )
        )
    }

    /// Signs, logs and sends, as the engine does.
    private func say(_ request: SignRequest, _ signer: inout ValidatorSigner) throws -> WALEntry {
        guard case .vote(let signed) = try signer.sign(request) else { throw CancellationError() }
        try signer.confirm(.vote(signed))
        return .vote(signed)
    }

    @Test("a log that has what the record confirms changes nothing")
    func agrees() throws {
        var first = try reopen()
        let log = [try say(vote(1, 0), &first), try say(vote(1, 0, .precommit), &first)]
        var second = try reopen()
        try second.checkRecord(against: log, on: tip)
        #expect(second.silentThrough == nil)
        _ = try second.sign(vote(1, 1))
    }

    @Test("a log that has lost a vote that was sent silences the validator at that height only")
    func lostTail() throws {
        var first = try reopen()
        let prevote = try say(vote(1, 0), &first)
        _ = try say(vote(1, 0, .precommit), &first)
        for log in [[], [prevote]] {
            var second = try reopen()
            try second.checkRecord(against: log, on: tip)
            #expect(second.silentThrough == 1)
            let asked = SignPosition(height: 1, round: 1, step: .prevote)
            #expect(throws: SignGuardError.forgotten(asked: asked, silentThrough: 1)) {
                _ = try second.sign(vote(1, 1))
            }
        }
        var third = try reopen()
        try third.checkRecord(against: [], on: tip)
        _ = try third.sign(vote(2, 0))
    }

    @Test("a vote that was signed but not yet logged may be repeated, and not changed")
    func unconfirmed() throws {
        var first = try reopen()
        let log = [try say(vote(1, 0), &first)]
        let signed = try first.sign(vote(1, 0, .precommit))
        var second = try reopen()
        try second.checkRecord(against: log, on: tip)
        #expect(second.silentThrough == nil)
        #expect(try second.sign(vote(1, 0, .precommit)) == signed)
        #expect(throws: SignGuardError.self) {
            _ = try second.sign(vote(1, 0, .precommit, for: .zero))
        }
    }

    @Test("a chain that has lost blocks is not voted on before it is where it was")
    func lostBlocks() throws {
        var first = try reopen()
        _ = try first.sign(vote(9, 0))
        var second = try reopen()
        try second.checkRecord(against: [], on: tip)
        #expect(second.silentThrough == 9)
        #expect(throws: SignGuardError.self) { _ = try second.sign(vote(9, 3)) }
        _ = try second.sign(vote(10, 0))
    }

    @Test("a record older than the log refuses to start")
    func oldRecord() throws {
        var first = try reopen()
        let early = try say(vote(1, 0), &first)
        let old = try Data(contentsOf: URL(filePath: cluster.root + "/signed"))
        let late = try say(vote(1, 0, .precommit), &first)
        try old.write(to: URL(filePath: cluster.root + "/signed"))
        var second = try reopen()
        #expect(
            throws: SignGuardError.behindLog(
                signed: SignPosition(height: 1, round: 0, step: .precommit),
                last: SignPosition(height: 1, round: 0, step: .prevote)
            )
        ) { try second.checkRecord(against: [early, late], on: tip) }
    }

    @Test("what the log has stays known when the file is rewritten")
    func rewrite() throws {
        var signer = try reopen()
        for height in UInt64(1)...600 { _ = try say(vote(height, 0), &signer) }
        let size = try FileManager.default.attributesOfItem(atPath: cluster.root + "/signed")[.size]
        #expect((size as? Int).map { $0 < 1024 * 64 } == true)
        var again = try reopen()
        try again.checkRecord(against: [], on: tip)
        #expect(again.silentThrough == 600)
    }
}
