import Primitives
import Replica
import Voting

/// The signer's own record, apart from the log: the last step signed, and what was signed there.
/// The same request may be signed again, an earlier or a contradicting one never.
struct SignGuard {
    private struct Step: Comparable {
        let height: Height
        let round: Round
        let step: UInt8

        static func < (left: Step, right: Step) -> Bool {
            (left.height, left.round, left.step) < (right.height, right.round, right.step)
        }
    }

    private var last: (step: Step, request: SignRequest)?

    mutating func admit(_ request: SignRequest) -> Bool {
        let step: Step
        switch request {
        case .beacon: return true
        case .proposal(let proposal):
            step = Step(height: proposal.height, round: proposal.round, step: 0)
        case .vote(let vote):
            step = Step(height: vote.height, round: vote.round, step: vote.kind.rawValue)
        }
        if let last {
            if step == last.step { return request == last.request }
            guard last.step < step else { return false }
        }
        last = (step, request)
        return true
    }
}
