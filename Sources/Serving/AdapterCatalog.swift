// The models that requests may name. An adapter is used only while the chain vouches for exactly
// its bytes; the answer is asked for again once it is old, because an adapter can be revoked.

import Cryptography
import Foundation
import LanguageModel

actor AdapterCatalog {
    private struct Entry {
        let offer: AdapterOffer
        var state: Result<ServedAdapter, AdapterRefusal>
        var checked: ContinuousClock.Instant
    }

    private let base: ModelBundle
    private let chain: any ServingChain
    private let lifetime: Duration
    private var entries: [Entry] = []

    /// - Parameter lifetime: how long an answer of the chain is good for.
    init(base: ModelBundle, chain: any ServingChain, lifetime: Duration) {
        self.base = base
        self.chain = chain
        self.lifetime = lifetime
    }

    /// Adds an offer; an earlier one of the same name is replaced.
    func add(_ offer: AdapterOffer) async -> AdapterRefusal? {
        let state = await check(offer)
        entries.removeAll { $0.offer.name == offer.name }
        entries.append(Entry(offer: offer, state: state, checked: .now))
        if case .failure(let refusal) = state { return refusal }
        return nil
    }

    /// Nil when there is no adapter of the name.
    func adapter(named name: String) async throws -> ServedAdapter? {
        guard let entry = entries.first(where: { $0.offer.name == name }) else { return nil }
        if entry.checked.duration(to: .now) > lifetime {
            let state = await check(entry.offer)
            if let place = entries.firstIndex(where: { $0.offer.name == name }) {
                entries[place].state = state
                entries[place].checked = .now
            }
            return try state.get()
        }
        return try entry.state.get()
    }

    /// Names with what is known of them, in order of addition.
    var all: [(name: String, state: Result<ServedAdapter, AdapterRefusal>)] {
        entries.map { ($0.offer.name, $0.state) }
    }

    private func check(_ offer: AdapterOffer) async -> Result<ServedAdapter, AdapterRefusal> {
        do {
            let adapter = try parse(offer)
            let identity = AdapterIdentity(
                name: offer.name,
                fileHash: SHA256.hash(offer.weights),
                canonicalRoot: CanonicalRoot.adapter(adapter, base: base.weightsRoot),
                baseRoot: base.weightsRoot
            )
            let verified = try await chain.verify(identity)
            return .success(
                ServedAdapter(
                    identity: identity,
                    prepared: try prepare(adapter),
                    verified: verified,
                    loaded: Int(Date().timeIntervalSince1970)
                )
            )
        } catch let refusal as AdapterRefusal {
            return .failure(refusal)
        } catch {
            return .failure(AdapterRefusal("the chain cannot be asked about it: \(error)"))
        }
    }

    private func parse(_ offer: AdapterOffer) throws(AdapterRefusal) -> LoRAAdapter {
        do {
            return try PEFTAdapter(
                configuration: offer.configuration,
                weights: offer.weights,
                model: base.configuration
            ).adapter
        } catch {
            throw AdapterRefusal("its files are not a usable adapter: \(error)")
        }
    }

    private func prepare(_ adapter: LoRAAdapter) throws(AdapterRefusal) -> PreparedAdapter {
        do {
            return try PreparedAdapter(adapter, for: base.model)
        } catch {
            throw AdapterRefusal("it does not fit the base model: \(error)")
        }
    }
}
