// A signing record on its way to another machine. It only ever moves forward: what is imported
// after something later was signed is refused.

package import Primitives

/// The last position that a validator signed, and what.
package struct SigningRecord: Sendable, Equatable {
    package let genesis: Digest
    package let position: SignPosition
    /// Of the signed bytes.
    package let digest: Digest
    /// Whether the consensus log had it, so that it may have been sent.
    package let isLogged: Bool

    package init(genesis: Digest, position: SignPosition, digest: Digest, isLogged: Bool) {
        self.genesis = genesis
        self.position = position
        self.digest = digest
        self.isLogged = isLogged
    }
}

extension SignGuard {
    /// What a new machine has to know; nil while nothing was signed.
    package func record(genesis: Digest) -> SigningRecord? {
        guard let last, let lastDigest else { return nil }
        return SigningRecord(
            genesis: genesis,
            position: last,
            digest: lastDigest,
            isLogged: logged == last
        )
    }

    /// Goes on from another machine's record.
    package mutating func adopt(_ other: SigningRecord) throws(SignGuardError) {
        if let last, other.position <= last {
            guard other.position == last else {
                throw .goesBack(asked: other.position, last: last)
            }
            guard other.digest == lastDigest else { throw .conflicts(at: last) }
        } else {
            try record(other.position, other.digest)
        }
        if other.isLogged { try confirm(other.position) }
    }
}
