package import Primitives

/// Why a transaction was refused. The raw value is the stable `data.reason` of the RPC.
package enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
    // Before a block: the transaction is not included and pays nothing.
    case wrongChain, keyMismatch, invalidSignature, staleNonce, futureNonce, feeTooLow
    case transactionTooLarge, duplicateTransaction, blockFull, stateUnavailable
    // Money.
    case insufficientBalance, amountZero, bondTooSmall, overflow
    // Validators.
    case invalidKey, keyInUse, alreadyValidator, unknownValidator, stakeTooSmall, tooManyValidators
    case validatorTombstoned, notJailed, stillJailed, insufficientStake, rotationPending
    case commissionTooSoon, commissionChangeTooLarge, wrongVersion
    // Datanets.
    case unknownDatanet, notAdmitted, tooManyContributions, notContributor
    case revealWithoutCommit, alreadyRevealed, revealTooLate, commitmentMismatch, emptyContribution
    case tooManyRecords, contributionsPending, nothingToScreen, alreadyFrozen, emptyName
    // Models and adapters.
    case unknownModel, duplicateModel, feeShareTooHigh, unknownSnapshot, duplicateAdapter
    case unknownAdapter, adapterRevoked, adapterNotIndexed, notOwner, claimOpen
    // Claims.
    case unknownClaim, claimExists, claimMismatch, emptyClaim, tooManyUnits, wrongClaimKind
    case claimNotFinal, claimUsed, notOnPanel, wrongPhase, alreadyCommitted, verdictMismatch
    case invalidVerdict, unitOutOfRange, notChallengeable
    // Channels and settlements.
    case unknownChannel, notChannelParty, channelClosing, channelMismatch, notProvider
    case invalidVoucher, voucherExceeded, depositExceeded, sequenceNotIncreasing, rowsMismatch
    case duplicateVoucher, unusedVoucher, zeroFees

    package var reason: String { rawValue }
}

extension Refusal: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.writeBytes(Array(rawValue.utf8)) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let bytes = try reader.readBytes(limit: 64)
        guard let refusal = Refusal(rawValue: String(decoding: bytes, as: UTF8.self)) else {
            throw .invalidValue(offset: reader.offset, field: "refusal")
        }
        self = refusal
    }
}
