// Counts what each channel owes. A request starts only when the payer has promised its highest
// possible price on top of all that was served and is being served; so every receipt can be paid.

import Commitments
import Cryptography
import LanguageModel
package import Primitives

/// What the chain says about a payment channel.
package struct ChannelTerms: Sendable, Equatable {
    package let payerKey: PublicKey
    /// The only adapter that it pays for, or any.
    package let adapter: Digest?
    /// What is left of the deposit, and what settlements took of it.
    package let deposit: Amount
    package let spent: Amount
    /// The last receipt that was settled.
    package let sequence: UInt64

    package init(
        payerKey: PublicKey,
        adapter: Digest?,
        deposit: Amount,
        spent: Amount,
        sequence: UInt64
    ) {
        self.payerKey = payerKey
        self.adapter = adapter
        self.deposit = deposit
        self.spent = spent
        self.sequence = sequence
    }
}

/// How answers are paid.
package enum Payment: Sendable, Equatable {
    /// Receipts are written under the zero channel and cannot be settled.
    case free
    /// By vouchers on channels of the named chain.
    case channels(ChainID)
}

/// Permission to answer one request.
struct Authorisation: Sendable {
    let channel: Digest
    let voucher: Voucher?
    let reserved: Amount
}

actor Meter {
    private struct Account {
        var sequence: UInt64
        /// All fees since the channel opened.
        var charged: Amount
        /// The highest prices of the requests in progress.
        var reserved: Amount
        var voucher: Voucher?
    }

    private let payment: Payment
    private let chain: any ServingChain
    private var store: ReceiptStore
    private var accounts: [Digest: Account] = [:]

    init(payment: Payment, chain: any ServingChain, store: consuming ReceiptStore) {
        self.payment = payment
        self.chain = chain
        self.store = store
    }

    var receipts: [StoredReceipt] { store.receipts }

    /// - Parameter price: the most that the request can cost.
    func authorise(
        _ voucher: Voucher?,
        adapter: Digest,
        price: Amount
    ) async throws -> Authorisation {
        guard case .channels(let chainID) = payment else {
            try open(.zero, terms: nil)
            return Authorisation(channel: .zero, voucher: nil, reserved: .zero)
        }
        guard let voucher else {
            throw ServingError(
                .paymentRequired,
                "a voucher in the header x-openledger-voucher has to promise the price",
                required: "\(price.units)"
            )
        }
        let terms = try await terms(of: voucher.channel)
        guard voucher.isSigned(by: terms.payerKey, chain: chainID) else {
            throw ServingError(.invalidVoucher, "the voucher is not signed by the channel's payer")
        }
        guard terms.adapter == nil || terms.adapter == adapter else {
            throw ServingError(.invalidVoucher, "the channel pays for another adapter")
        }
        try open(voucher.channel, terms: terms)
        return try reserve(voucher, terms: terms, price: price)
    }

    /// Writes the receipt of an answer and ends its reservation.
    func settle(
        _ authorisation: Authorisation,
        adapter: Digest,
        prompt: [UInt32],
        completion: [UInt32],
        maxTokens: Int,
        fee: Amount
    ) throws(ServingError) -> InferenceReceipt {
        guard var account = accounts[authorisation.channel] else {
            throw ServingError(.failed, "the channel is not open here")
        }
        let (charged, overflow) = account.charged.units.addingReportingOverflow(fee.units)
        guard !overflow else { throw ServingError(.failed, "the channel's fees overflow") }
        let receipt = InferenceReceipt(
            channel: authorisation.channel,
            sequence: account.sequence + 1,
            adapter: adapter,
            prompt: prompt,
            completion: completion,
            maxTokens: UInt32(maxTokens),
            fee: fee
        )
        do {
            try store.append(StoredReceipt(receipt: receipt, voucher: account.voucher))
        } catch {
            throw ServingError(.failed, "the receipt could not be stored: \(error)")
        }
        account.sequence += 1
        account.charged = Amount(units: charged)
        account.reserved = Amount(units: account.reserved.units - authorisation.reserved.units)
        accounts[authorisation.channel] = account
        return receipt
    }

    /// Ends the reservation of a request that failed.
    func release(_ authorisation: Authorisation) {
        guard var account = accounts[authorisation.channel] else { return }
        account.reserved = Amount(units: account.reserved.units - authorisation.reserved.units)
        accounts[authorisation.channel] = account
    }
}

extension Meter {
    /// Asked for each request, because a payer may be closing the channel.
    private func terms(
        of channel: Digest
    ) async throws -> ChannelTerms {
        do {
            if let terms = try await chain.channel(channel) { return terms }
        } catch {
            throw ServingError(.busy, "the chain cannot be asked about the channel: \(error)")
        }
        throw ServingError(.invalidVoucher, "no channel \(channel) is open to this provider")
    }

    /// Starts an account from the chain's terms and the receipts on disk, once.
    private func open(_ channel: Digest, terms: ChannelTerms?) throws(ServingError) {
        guard accounts[channel] == nil else { return }
        let earlier = store.receipts.filter { $0.receipt.channel == channel }
        let settled = terms?.sequence ?? 0
        var charged = terms?.spent.units ?? 0
        for entry in earlier where entry.receipt.sequence > settled {
            let (sum, overflow) = charged.addingReportingOverflow(entry.receipt.fee.units)
            guard !overflow else { throw ServingError(.failed, "the channel's fees overflow") }
            charged = sum
        }
        accounts[channel] = Account(
            sequence: max(settled, earlier.map(\.receipt.sequence).max() ?? 0),
            charged: Amount(units: charged),
            reserved: .zero,
            voucher: earlier.compactMap(\.voucher).max { $0.cumulative < $1.cumulative }
        )
    }

    private func reserve(
        _ voucher: Voucher,
        terms: ChannelTerms,
        price: Amount
    ) throws(ServingError) -> Authorisation {
        guard var account = accounts[voucher.channel] else {
            throw ServingError(.failed, "the channel is not open here")
        }
        let owed = Self.sum([account.charged, account.reserved, price])
        let promised = max(voucher.cumulative, account.voucher?.cumulative ?? .zero)
        let total = Self.sum([terms.deposit, terms.spent])
        guard let owed, owed <= promised else {
            throw ServingError(
                .paymentRequired,
                "the voucher promises \(promised.units) units, less than the request may cost",
                required: owed.map { "\($0.units)" }
            )
        }
        guard let total, owed <= total else {
            throw ServingError(.paymentRequired, "the channel's deposit does not cover the request")
        }
        if promised == voucher.cumulative { account.voucher = voucher }
        account.reserved = Amount(units: account.reserved.units + price.units)
        accounts[voucher.channel] = account
        return Authorisation(channel: voucher.channel, voucher: account.voucher, reserved: price)
    }

    private static func sum(_ amounts: [Amount]) -> Amount? {
        var units: UInt128 = 0
        for amount in amounts {
            let (sum, overflow) = units.addingReportingOverflow(amount.units)
            guard !overflow else { return nil }
            units = sum
        }
        return Amount(units: units)
    }
}
