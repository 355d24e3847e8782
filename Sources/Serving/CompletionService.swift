// Answers completion requests: finds a verified model, has the price promised, generates, and puts
// the receipt on disk before the answer ends. HTTP is not known here.

import Commitments
import Cryptography
import Foundation
package import LanguageModel
import Primitives

package struct CompletionService: Sendable {
    /// What a service needs to know.
    package struct Setup: Sendable {
        package let baseName: String
        package let base: ModelBundle
        /// How the model wants conversations written.
        package let chat: ChatFormat
        /// Whether the base model itself may be asked, without price and receipt.
        package let servesBase: Bool
        package let payment: Payment
        package let chain: any ServingChain
        /// How long the chain's answer about an adapter is good for.
        package let verificationLifetime: Duration
        /// The most requests in progress and waiting together.
        package let queueLimit: Int
        /// The most requests that are answered together.
        package let streams: Int

        package init(
            baseName: String,
            base: ModelBundle,
            chat: ChatFormat = .chatML,
            servesBase: Bool = true,
            payment: Payment,
            chain: any ServingChain,
            verificationLifetime: Duration = .seconds(30),
            queueLimit: Int = 64,
            streams: Int = 16
        ) {
            self.baseName = baseName
            self.base = base
            self.chat = chat
            self.servesBase = servesBase
            self.payment = payment
            self.chain = chain
            self.verificationLifetime = verificationLifetime
            self.queueLimit = queueLimit
            self.streams = streams
        }
    }

    let setup: Setup
    let started = Int(Date().timeIntervalSince1970)
    let catalog: AdapterCatalog
    private let meter: Meter
    private let engine: GenerationEngine

    package init(_ setup: Setup, store: consuming ReceiptStore) {
        self.setup = setup
        catalog = AdapterCatalog(
            base: setup.base,
            chain: setup.chain,
            lifetime: setup.verificationLifetime
        )
        meter = Meter(payment: setup.payment, chain: setup.chain, store: store)
        engine = GenerationEngine(
            setup.base.model,
            limit: setup.queueLimit,
            width: setup.streams
        )
    }

    /// Offers an adapter. A refused one is listed with the reason and answers nothing.
    package func add(_ offer: AdapterOffer) async -> AdapterRefusal? {
        guard offer.name != setup.baseName else {
            return AdapterRefusal("its name is that of the base model")
        }
        return await catalog.add(offer)
    }

    /// All receipts, oldest first.
    package var receipts: [StoredReceipt] {
        get async { await meter.receipts }
    }
}

/// A request that may be answered.
struct PreparedCompletion: Sendable {
    let request: CompletionRequest
    let prompt: [UInt32]
    /// Nil for the base model.
    let adapter: ServedAdapter?
    let authorisation: Authorisation?
}

/// An answer without its text, which was passed on as it came.
struct CompletionOutcome: Sendable {
    let finish: String
    let promptTokens: Int
    let completionTokens: Int
    let receipt: InferenceReceipt?
}

extension CompletionService {
    /// Everything that can be refused before the answer begins.
    func prepare(
        _ request: CompletionRequest,
        voucher: Voucher?
    ) async throws -> PreparedCompletion {
        let adapter = try await adapter(named: request.model)
        let prompt = try tokens(of: request.prompt)
        guard let adapter else {
            return PreparedCompletion(
                request: request,
                prompt: prompt,
                adapter: nil,
                authorisation: nil
            )
        }
        let price = try Self.fee(adapter, tokens: prompt.count + request.maxTokens)
        let authorisation = try await meter.authorise(
            voucher,
            adapter: adapter.verified.id,
            price: price
        )
        return PreparedCompletion(
            request: request,
            prompt: prompt,
            adapter: adapter,
            authorisation: authorisation
        )
    }

    /// - Parameter onText: is given the text as it comes; returning false ends the answer early.
    func complete(
        _ prepared: PreparedCompletion,
        onText: @escaping @Sendable (String) -> Bool
    ) async throws -> CompletionOutcome {
        do {
            return try await finish(prepared, try await generate(prepared, onText: onText))
        } catch {
            if let authorisation = prepared.authorisation { await meter.release(authorisation) }
            throw error
        }
    }

    private func adapter(named name: String) async throws -> ServedAdapter? {
        if name == setup.baseName, setup.servesBase { return nil }
        let found: ServedAdapter?
        do {
            found = try await catalog.adapter(named: name)
        } catch let refusal as AdapterRefusal {
            throw ServingError(
                .adapterNotVerified,
                "the adapter \"\(name)\" is not served: \(refusal.reason)",
                parameter: "model"
            )
        }
        guard let found else {
            throw ServingError(
                .modelNotFound,
                "the model \"\(name)\" does not exist here",
                parameter: "model"
            )
        }
        return found
    }

    private func tokens(of prompt: CompletionRequest.Prompt) throws(ServingError) -> [UInt32] {
        let model = setup.base.configuration
        let tokens: [UInt32]
        switch prompt {
        case .text(let text):
            tokens = setup.base.tokenizer.promptTokens(Array(text.utf8), model: model)
        case .tokens(let ids): tokens = ids
        }
        if let id = tokens.first(where: { Int($0) >= model.vocabulary }) {
            throw ServingError(
                .invalidRequest,
                "the token \(id) is outside the vocabulary of \(model.vocabulary)",
                parameter: "prompt"
            )
        }
        let limit = min(model.contextLength - 1, InferenceReceipt.tokenLimit)
        guard tokens.count <= limit else {
            throw ServingError(
                .contextExceeded,
                "the prompt has \(tokens.count) tokens, more than the limit of \(limit)",
                parameter: "prompt"
            )
        }
        return tokens
    }

    private static func fee(
        _ adapter: ServedAdapter,
        tokens: Int
    ) throws(ServingError) -> Amount {
        let price = adapter.verified.pricePerToken
        guard let fee = InferenceReceipt.fee(pricePerToken: price, tokens: UInt64(tokens)) else {
            throw ServingError(.failed, "the adapter's price overflows")
        }
        return fee
    }
}

/// What generation yields.
private struct GeneratedTokens: Sendable {
    let tokens: [UInt32]
    /// The limit under which greedy generation gives exactly these tokens.
    let maxTokens: Int
    let finish: String
}

extension CompletionService {
    private func generate(
        _ prepared: PreparedCompletion,
        onText: @escaping @Sendable (String) -> Bool
    ) async throws -> GeneratedTokens {
        let request = prepared.request
        let text = AnswerText(setup.base.tokenizer, stops: request.stops, onText: onText)
        let answer: GenerationEngine.Answer
        do {
            answer = try await engine.answer(
                GenerationEngine.Request(
                    prompt: prepared.prompt,
                    maxTokens: request.maxTokens,
                    adapter: prepared.adapter?.prepared
                ) { text.take($0) }
            )
        } catch let error as ModelError {
            throw ServingError(.failed, "the model could not answer: \(error)")
        }
        let isStopped = text.finish()
        return GeneratedTokens(
            tokens: answer.tokens,
            maxTokens: answer.finish == nil ? answer.tokens.count : request.maxTokens,
            finish: isStopped || answer.finish == .stop ? "stop" : "length"
        )
    }

    private func finish(
        _ prepared: PreparedCompletion,
        _ generated: GeneratedTokens
    ) async throws -> CompletionOutcome {
        var receipt: InferenceReceipt?
        if let adapter = prepared.adapter, let authorisation = prepared.authorisation {
            receipt = try await meter.settle(
                authorisation,
                adapter: adapter.verified.id,
                prompt: prepared.prompt,
                completion: generated.tokens,
                maxTokens: generated.maxTokens,
                fee: try Self.fee(
                    adapter,
                    tokens: prepared.prompt.count + generated.tokens.count
                )
            )
        }
        return CompletionOutcome(
            finish: generated.finish,
            promptTokens: prepared.prompt.count,
            completionTokens: generated.tokens.count,
            receipt: receipt
        )
    }
}
