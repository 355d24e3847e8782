// How one sum of fees is divided. Integers only; the parts always sum to the whole.

package import Primitives

/// The parts of a settlement's fees by role.
package struct FeeSplit: Sendable, Hashable {
    package let contributors: Amount
    package let datanetOwner: Amount
    package let adapterOwner: Amount
    package let modelOwner: Amount
    package let provider: Amount
    package let validators: Amount
    package let treasury: Amount

    /// Divides by the chain's shares with largest remainders. What a model's owner does not ask
    /// for goes to contributors, and the Datanet's owner takes its part of theirs.
    ///
    /// - Precondition: the shares sum to a thousand; validation of parameters guarantees it.
    package init(
        total: Amount,
        shares: SettlementParameters,
        modelPerMille: UInt16,
        datanetOwnerPerMille: UInt16
    ) throws(Amount.Failure) {
        let model = min(modelPerMille, shares.modelOwnerPerMille)
        let parts = try total.split(weights: [
            UInt64(shares.contributorsPerMille) + UInt64(shares.modelOwnerPerMille - model),
            UInt64(shares.adapterOwnerPerMille), UInt64(model), UInt64(shares.providerPerMille),
            UInt64(shares.validatorsPerMille), UInt64(shares.treasuryPerMille),
        ])
        datanetOwner = try parts[0].scaled(by: UInt64(datanetOwnerPerMille), over: UInt64(1_000))
        contributors = try parts[0].subtracting(datanetOwner)
        adapterOwner = parts[1]
        modelOwner = parts[2]
        provider = parts[3]
        validators = parts[4]
        treasury = parts[5]
    }
}
