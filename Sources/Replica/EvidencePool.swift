import Primitives
import Voting

/// Faults that have been seen and are not yet in a block.
struct EvidencePool {
    static let limit = 64

    private(set) var pending: [DuplicateVoteEvidence] = []

    var isEmpty: Bool { pending.isEmpty }

    /// False for what is known, or does not fit.
    mutating func add(_ evidence: DuplicateVoteEvidence) -> Bool {
        guard pending.count < Self.limit,
            !pending.contains(where: {
                $0.height == evidence.height && $0.validator == evidence.validator
            })
        else { return false }
        pending.append(evidence)
        return true
    }

    mutating func remove(_ included: [DuplicateVoteEvidence]) {
        pending.removeAll { held in
            included.contains { $0.height == held.height && $0.validator == held.validator }
        }
    }

    /// Forgets what a block of this height was offered and could not include, because it is too
    /// old or already punished: otherwise it would call for blocks without end. A fault of the
    /// height itself is for the next block.
    mutating func settle(height: Height, offered: [DuplicateVoteEvidence]) {
        pending.removeAll { held in held.height < height && offered.contains(held) }
    }
}
