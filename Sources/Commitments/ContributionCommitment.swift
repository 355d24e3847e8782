import Cryptography
package import Primitives

/// The hidden form of a contribution. It binds the contributor, so that a copy of somebody's
/// commitment, seen before its block, cannot be opened.
package enum ContributionCommitment {
    package static func digest(root: Digest, salt: Digest, contributor: Address) -> Digest {
        taggedHash(CommitmentTag.contribution, root.bytes + salt.bytes + contributor.bytes)
    }
}
