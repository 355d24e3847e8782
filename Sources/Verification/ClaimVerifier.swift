// A validator's part in judging claims: whenever it sits on a panel it re-runs the sample, posts
// its hidden verdict, and opens it when the chain says so.

import Commitments
package import Cryptography
package import Ledger
package import Primitives

/// How verdicts reach the chain: signed with the validator's hot key, with the next nonce.
package protocol VerdictSender: Sendable {
    func send(_ verdict: VerdictAction) async throws
}

package enum VerdictAction: Sendable, Equatable {
    case commit(CommitVerdict)
    case reveal(RevealVerdict)
}

/// Watches claims for one validator.
///
/// It keeps nothing that a restart would lose: salts are derived from the hot key, and a verdict
/// is a function of the claim.
package struct ClaimVerifier: Sendable {
    /// What happened to one claim in a review, for the log.
    package enum Outcome: Sendable, Equatable {
        case committed(claim: Digest, ClaimJudgement)
        case revealed(claim: Digest, ClaimJudgement)
        case failed(claim: Digest, reason: String)
    }

    /// This validator's place on a panel.
    private struct Seat {
        let member: Panel.Member
        let number: Int
        let count: Int
    }

    /// Reviews after which an unanswered verdict is sent again; the pool may have lost it.
    static let patience = 20

    private let assembly: ClaimAssembly
    private let hot: Address
    private let sender: any VerdictSender
    /// Gives the salt of a claim and panel; nobody without the key can.
    private let salt: @Sendable (_ claim: Digest, _ panel: UInt64) throws -> Digest
    private var watched: [Digest] = []
    private var judged: [Digest: (panel: UInt64, judgement: ClaimJudgement)] = [:]
    private var waits: [Digest: (stamp: UInt32, phase: Claim.Phase, reviews: Int)] = [:]

    package init(
        assembly: ClaimAssembly,
        hot: Address,
        sender: any VerdictSender,
        salt: @escaping @Sendable (_ claim: Digest, _ panel: UInt64) throws -> Digest
    ) {
        self.assembly = assembly
        self.hot = hot
        self.sender = sender
        self.salt = salt
    }

    /// The salt that a hot key gives: a hash of a signature that is never published.
    package static func salt(claim: Digest, panel: UInt64, key: borrowing SigningKey) -> Digest {
        var writer = BorshWriter()
        writer.write(claim)
        writer.write(panel)
        let message = taggedHash(HashTag("openledger/verdict-salt/v1"), writer.bytes)
        let signature = key.sign(message.bytes)
        return taggedHash(HashTag("openledger/verdict-salt-value/v1"), signature.bytes)
    }

    package mutating func watch(_ claim: Digest) {
        if !watched.contains(claim) { watched.append(claim) }
    }

    /// Does what is due for every watched claim.
    package mutating func review() async -> [Outcome] {
        var outcomes: [Outcome] = []
        for claim in watched {
            do {
                if let outcome = try await review(claim) { outcomes.append(outcome) }
            } catch {
                outcomes.append(.failed(claim: claim, reason: "\(error)"))
            }
        }
        return outcomes
    }

    private mutating func review(_ id: Digest) async throws -> Outcome? {
        let claim = try await assembly.object(Claim.self, StateKey.claim(id))
        switch claim.phase {
        case .pending, .accepted: return nil
        case .final, .rejected, .unavailable:
            forget(id)
            return nil
        case .committing, .challengeCommitting, .revealing, .challengeRevealing: break
        }
        let panel = try await assembly.object(Panel.self, StateKey.panel(id))
        guard let index = panel.index(ofHot: hot) else { return nil }
        let member = panel.members[index]
        let isCommitting = claim.phase == .committing || claim.phase == .challengeCommitting
        let isDue = isCommitting ? member.commitment == nil : member.statement == nil
        guard isDue, isCommitting || member.commitment != nil, !isWaiting(id, claim) else {
            return nil
        }
        let seat = Seat(member: member, number: index, count: panel.members.count)
        return isCommitting
            ? try await commit(id, claim, seat) : try await reveal(id, claim, seat)
    }

    private mutating func commit(
        _ id: Digest,
        _ claim: Claim,
        _ seat: Seat
    ) async throws -> Outcome {
        let judgement = try await judgement(id, claim, seat)
        let digest = try commitment(of: judgement, id, claim, seat.member)
        try await sender.send(.commit(CommitVerdict(claim: id, digest: digest)))
        waits[id] = (claim.stamp, claim.phase, 0)
        return .committed(claim: id, judgement)
    }

    private mutating func reveal(
        _ id: Digest,
        _ claim: Claim,
        _ seat: Seat
    ) async throws -> Outcome {
        let member = seat.member
        var judgement = try await judgement(id, claim, seat)
        // After a restart, what could not be had before may be there now: open what was said.
        if try commitment(of: judgement, id, claim, member) != member.commitment {
            judgement = .unavailable
        }
        guard try commitment(of: judgement, id, claim, member) == member.commitment else {
            return .failed(claim: id, reason: "the committed verdict is not one of this node's")
        }
        try await sender.send(
            .reveal(
                RevealVerdict(
                    claim: id,
                    verdict: judgement.verdict,
                    trace: judgement.trace,
                    salt: try salt(id, panelStamp(claim))
                )
            )
        )
        waits[id] = (claim.stamp, claim.phase, 0)
        return .revealed(claim: id, judgement)
    }

    private func commitment(
        of judgement: ClaimJudgement,
        _ id: Digest,
        _ claim: Claim,
        _ member: Panel.Member
    ) throws -> Digest {
        try judgement.verdict.commitment(
            claim: id,
            trace: judgement.trace,
            salt: salt(id, panelStamp(claim)),
            validator: member.validator
        )
    }

    /// The same in a panel's two phases, and different for each panel of a claim.
    private func panelStamp(_ claim: Claim) -> UInt64 {
        let place =
            claim.challenge.map { UInt64($0.unit) + 1 }
            ?? claim.dispute.map { UInt64($0.number) + 1 | 1 << 33 } ?? 0
        return UInt64(claim.attempt) << 34 | place
    }

    private mutating func isWaiting(_ id: Digest, _ claim: Claim) -> Bool {
        guard let wait = waits[id], wait.stamp == claim.stamp, wait.phase == claim.phase,
            wait.reviews < Self.patience
        else { return false }
        waits[id] = (wait.stamp, wait.phase, wait.reviews + 1)
        return true
    }

    private mutating func judgement(
        _ id: Digest,
        _ claim: Claim,
        _ seat: Seat
    ) async throws -> ClaimJudgement {
        if let known = judged[id], known.panel == panelStamp(claim) { return known.judgement }
        let judgement = try await assembly.judge(claim, id: id, seat: seat.number, of: seat.count)
        judged[id] = (panelStamp(claim), judgement)
        return judgement
    }

    private mutating func forget(_ id: Digest) {
        watched.removeAll { $0 == id }
        judged[id] = nil
        waits[id] = nil
    }
}

extension ClaimAssembly {
    /// Re-runs what the chain's beacon drew for a seat of this claim's panel.
    /// - Throws: `ClaimDefect.state` only; every other defect is a verdict.
    package func judge(
        _ claim: Claim,
        id: Digest,
        seat: Int,
        of seats: Int
    ) async throws -> ClaimJudgement {
        let parameters = try await object(ChainRecord.self, StateKey.chain).parameters.claims
        let sample: ([Amount]) -> [UInt32]? = {
            claim.sample(id: id, seat: seat, of: seats, parameters: parameters, pay: $0)
        }
        // The same for all who judge the same share, however little of the claim can be read.
        let blind = sample([])?.first ?? 0
        do throws(ClaimDefect) {
            let work = try await work(for: claim)
            guard let sample = sample(work.pay) else { return .malformed(unit: blind) }
            return ClaimJudgement.of(work, sample: sample)
        } catch {
            switch error {
            case .invalid, .missing: return .malformed(unit: blind)
            case .unavailable: return .unavailable
            case .state: throw error
            }
        }
    }
}
