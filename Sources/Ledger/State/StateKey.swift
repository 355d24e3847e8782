// Where everything is in the state. Prefixes are ASCII; numbers are big-endian, so that keys sort
// as their numbers do.

package import Commitments
package import Primitives

/// The keys of the state tree. A light client proves a value by its key.
package enum StateKey {
    /// `ChainRecord`: chain id, parameters, and the last executed height.
    package static let chain = text("param")
    /// `SupplyTotals`.
    package static let supply = text("supply")
    /// `Pools`: treasury and reward pool.
    package static let pools = text("pools")
    /// `CandidateList`: the owners of all validators that may be chosen.
    package static let candidates = text("candidates")

    /// `ProtocolRecord`.
    package static let protocolVersion = text("version")

    /// `Account`.
    package static func account(_ address: Address) -> [UInt8] { text("a/") + address.bytes }

    /// `ValidatorRecord`, by owner.
    package static func validator(_ owner: Address) -> [UInt8] { text("v/") + owner.bytes }

    /// The owner's `Address`, by hot key.
    package static func validatorKey(_ key: PublicKey) -> [UInt8] { text("vk/") + key.bytes }

    /// `Delegation`.
    package static func delegation(_ validator: Address, _ delegator: Address) -> [UInt8] {
        text("vd/") + validator.bytes + delegator.bytes
    }

    /// `Unbonding`, by the id of the transaction that started it.
    package static func unbonding(_ id: Digest) -> [UInt8] { text("ub/") + id.bytes }

    /// `ValidatorSet` of an epoch.
    package static func validatorSet(epoch: UInt64) -> [UInt8] { text("vset/") + bigEndian(epoch) }

    /// A beacon, kept for as long as claims may need it.
    package static func beacon(_ height: Height) -> [UInt8] {
        text("beacon/") + bigEndian(height.value)
    }

    /// `Datanet`.
    package static func datanet(_ id: Digest) -> [UInt8] { text("d/") + id.bytes }

    /// A contribution's id, by its index in its Datanet.
    package static func contributionIndex(_ datanet: Digest, _ index: UInt32) -> [UInt8] {
        text("dc/") + datanet.bytes + bigEndian(index)
    }

    /// `Contribution`.
    package static func contribution(_ id: Digest) -> [UInt8] { text("c/") + id.bytes }

    /// `ContributorBond`: what a contributor has at stake in a Datanet.
    package static func contributorBond(_ datanet: Digest, _ contributor: Address) -> [UInt8] {
        text("cb/") + datanet.bytes + contributor.bytes
    }

    /// `Snapshot`.
    package static func snapshot(_ id: Digest) -> [UInt8] { text("s/") + id.bytes }

    /// `Model`.
    package static func model(_ id: Digest) -> [UInt8] { text("m/") + id.bytes }

    /// A model's id, by its weights.
    package static func modelRoot(_ weightsRoot: Digest) -> [UInt8] {
        text("mr/") + weightsRoot.bytes
    }

    /// `Adapter`.
    package static func adapter(_ id: Digest) -> [UInt8] { text("p/") + id.bytes }

    /// The earliest adapter's id, by canonical root.
    package static func adapterRoot(_ canonicalRoot: Digest) -> [UInt8] {
        text("pr/") + canonicalRoot.bytes
    }

    /// `Claim`.
    package static func claim(_ id: Digest) -> [UInt8] { text("k/") + id.bytes }

    /// `Panel`: who judges a claim now, and what they have said.
    package static func panel(_ claim: Digest) -> [UInt8] { text("kp/") + claim.bytes }

    /// `Panel`: the committee of a claim that it has accepted, or that waits for all validators to
    /// settle what its benches disagree about.
    package static func committee(_ claim: Digest) -> [UInt8] { text("kc/") + claim.bytes }

    /// The id of the claim of this kind that is open or final for a subject, where there may be
    /// only one.
    package static func subjectClaim(_ kind: JobKind, _ subject: Digest) -> [UInt8] {
        text("ks/") + [kind.rawValue] + subject.bytes
    }

    /// `Channel`.
    package static func channel(_ id: Digest) -> [UInt8] { text("ch/") + id.bytes }

    /// `Settlement`.
    package static func settlement(_ id: Digest) -> [UInt8] { text("st/") + id.bytes }

    /// `Vesting`, by the id of its settlement.
    package static func vesting(_ settlement: Digest) -> [UInt8] {
        text("vest/") + settlement.bytes
    }

    /// How many pieces of work are due at a height.
    package static func dueCount(_ height: Height) -> [UInt8] {
        text("due/") + bigEndian(height.value)
    }

    /// `DueWork`.
    package static func due(_ height: Height, _ position: UInt32) -> [UInt8] {
        text("due/") + bigEndian(height.value) + bigEndian(position)
    }

    private static func text(_ prefix: String) -> [UInt8] { Array(prefix.utf8) }

    private static func bigEndian(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: value >> $0)
        }
    }
}
