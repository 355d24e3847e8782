import Primitives
import Voting

/// Faults that have been seen and are not yet in a block.
struct EvidencePool {
    static let limit = 64

    private(set) var pending: [DuplicateVoteEvidence] = []

    var isEmpty: Bool { pending.isEmpty }

    mutating func add(_ evidence: DuplicateVoteEvidence) {
        guard pending.count < Self.limit,
            !pending.contains(where: {
                $0.height == evidence.height && $0.validator == evidence.validator
            })
        else { return }
        pending.append(evidence)
    }

    mutating func remove(_ included: [DuplicateVoteEvidence]) {
        pending.removeAll { held in
            included.contains { $0.height == held.height && $0.validator == held.validator }
        }
    }

    /// Forgets what a block could not include: it is too old, or already punished.
    mutating func removeAll(except kept: [DuplicateVoteEvidence]) {
        pending.removeAll { held in !kept.contains { $0.hash == held.hash } }
    }
}
