package import Commitments
package import Jobs
package import Primitives

/// A claim as something to re-run: the job, and what the claim says each unit gives.
package struct ClaimedWork: Sendable {
    package let job: any VerifiableJob
    /// One digest a unit; their root is the claim's output root.
    package let outputs: [Digest]
    /// What each unit claims to earn, for the pay-weighted part of the sample; empty when all
    /// earn the same.
    package let pay: [Amount]

    package init(job: any VerifiableJob, outputs: [Digest], pay: [Amount] = []) {
        self.job = job
        self.outputs = outputs
        self.pay = pay
    }
}

/// Why a claim's work cannot be put together.
package enum ClaimDefect: Error, Equatable {
    /// The claim names things that do not fit together: it is invalid, whoever looks.
    case invalid(String)
    /// The chain has no object of this kind under the id that was given.
    case missing(String)
    /// Something that the claim names could not be fetched: the claim is unavailable.
    case unavailable(ArtifactID)
    /// The node's own state could not be read: say nothing.
    case state(String)
}
