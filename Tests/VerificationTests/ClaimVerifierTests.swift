import Commitments
import Cryptography
import Ledger
import Primitives
import Synchronization
import Testing
import Verification

@Suite("Verifying claims") struct ClaimVerifierTests {
    final class Outbox: VerdictSender {
        let sent = Mutex<[VerdictAction]>([])
        func send(_ verdict: VerdictAction) async throws { sent.withLock { $0.append(verdict) } }
    }

    static func verifier(_ scene: ScreeningScene, _ outbox: Outbox) -> ClaimVerifier {
        var verifier = ClaimVerifier(assembly: scene.assembly, hot: scene.hot, sender: outbox) {
            claim,
            panel in
            taggedHash(HashTag("test/salt"), claim.bytes + Array("\(panel)".utf8))
        }
        verifier.watch(scene.claimID)
        return verifier
    }

    @Test("an honest claim is found valid")
    func honest() async throws {
        let scene = try ScreeningScene()
        let judgement = try await scene.assembly.judge(
            scene.claim,
            id: scene.claimID,
            seat: 0,
            of: 1
        )
        #expect(judgement.verdict == .valid)
        #expect(judgement.trace != .zero)
    }

    @Test("an altered row is named, with what it should have been")
    func altered() async throws {
        let honest = try ScreeningScene()
        let scene = try ScreeningScene { table in
            table[1] = SnapshotLeaf(
                recordHash: table[1].recordHash,
                contribution: 0,
                row: 1,
                contributor: table[1].contributor,
                cluster: 1,
                flags: .lowQuality
            )
        }
        let judgement = try await scene.assembly.judge(
            scene.claim,
            id: scene.claimID,
            seat: 0,
            of: 1
        )
        #expect(judgement.verdict == .invalid(unit: 1, expected: honest.table[1].digest))
    }

    @Test("a claim whose files are gone is unavailable, not invalid")
    func unavailable() async throws {
        let scene = try ScreeningScene()
        scene.chain.lose(scene.contributionArtifact)
        let judgement = try await scene.assembly.judge(
            scene.claim,
            id: scene.claimID,
            seat: 0,
            of: 1
        )
        #expect(judgement == .unavailable)
    }

    @Test("outputs that do not have the claim's root are invalid without a re-run")
    func wrongRoot() async throws {
        var scene = try ScreeningScene()
        let other = scene.chain.add(CommittedList([SnapshotLeaf]()).borshBytes)
        scene.claim = Claim(
            claimant: scene.owner,
            terms: SubmitClaim(
                kind: .screening,
                subject: scene.datanet,
                covers: 1,
                artifact: other,
                unitCount: 3,
                outputRoot: scene.claim.terms.outputRoot,
                bond: .zero
            ),
            fee: .zero,
            submitted: Height(3),
            deadline: Height(30)
        )
        scene.claim.beacon = .zero
        let judgement = try await scene.assembly.judge(
            scene.claim,
            id: scene.claimID,
            seat: 0,
            of: 1
        )
        #expect(judgement == .malformed(unit: 0))
    }

    @Test("a verdict is committed once, opened when asked, and opens after a restart")
    func life() async throws {
        var scene = try ScreeningScene()
        let outbox = Outbox()
        var verifier = Self.verifier(scene, outbox)
        _ = await verifier.review()
        _ = await verifier.review()
        let sent = outbox.sent.withLock { $0 }
        guard sent.count == 1, case .commit(let commit) = sent[0] else {
            Issue.record("expected one commitment, found \(sent)")
            return
        }
        scene.claim.phase = .revealing
        scene.claim.stamp += 1
        scene.publish { $0.commitment = commit.digest }
        var restarted = Self.verifier(scene, outbox)
        _ = await restarted.review()
        guard case .reveal(let reveal) = outbox.sent.withLock({ $0.last }) else {
            Issue.record("expected a reveal")
            return
        }
        let opened = reveal.verdict.commitment(
            claim: scene.claimID,
            trace: reveal.trace,
            salt: reveal.salt,
            validator: scene.owner
        )
        #expect(reveal.verdict == .valid)
        #expect(opened == commit.digest)
    }

    @Test("who is not on the panel says nothing, and a decided claim is forgotten")
    func bystander() async throws {
        var scene = try ScreeningScene()
        let outbox = Outbox()
        var other = ClaimVerifier(assembly: scene.assembly, hot: scene.owner, sender: outbox) {
            claim,
            _ in claim
        }
        other.watch(scene.claimID)
        #expect(await other.review().isEmpty)
        scene.claim.phase = .final
        scene.publish()
        var verifier = Self.verifier(scene, outbox)
        #expect(await verifier.review().isEmpty)
        #expect(outbox.sent.withLock { $0.isEmpty })
    }

    @Test("salts differ by claim, by panel and by key")
    func salts() throws {
        let first = try SigningKey(seed: [UInt8](repeating: 1, count: 32))
        let second = try SigningKey(seed: [UInt8](repeating: 2, count: 32))
        let claim = Digest([UInt8](repeating: 5, count: 32)) ?? .zero
        let salts = [
            ClaimVerifier.salt(claim: claim, panel: 1, key: first),
            ClaimVerifier.salt(claim: claim, panel: 2, key: first),
            ClaimVerifier.salt(claim: .zero, panel: 1, key: first),
            ClaimVerifier.salt(claim: claim, panel: 1, key: second),
        ]
        #expect(Set(salts).count == 4)
        #expect(ClaimVerifier.salt(claim: claim, panel: 1, key: first) == salts[0])
    }
}
