// What the server asks of the chain before it uses an adapter.

import LanguageModel
package import Primitives

/// The files of an adapter that a provider wants to serve under a name.
package struct AdapterOffer: Sendable {
    package let name: String
    /// `adapter_config.json`
    package let configuration: [UInt8]
    /// `adapter_model.safetensors`
    package let weights: [UInt8]

    package init(name: String, configuration: [UInt8], weights: [UInt8]) {
        self.name = name
        self.configuration = configuration
        self.weights = weights
    }
}

/// What the files say by themselves.
package struct AdapterIdentity: Sendable, Equatable {
    package let name: String
    /// SHA-256 of `adapter_model.safetensors`.
    package let fileHash: [UInt8]
    package let canonicalRoot: Digest
    package let baseRoot: Digest
}

/// What the chain says about them.
package struct VerifiedAdapter: Sendable, Equatable {
    /// The adapter's id on the chain.
    package let id: Digest
    /// The finalised height at which it was looked up.
    package let height: Height
    package let pricePerToken: Amount
    /// `indexed` or `reproduced`.
    package let standing: String

    package init(id: Digest, height: Height, pricePerToken: Amount, standing: String) {
        self.id = id
        self.height = height
        self.pricePerToken = pricePerToken
        self.standing = standing
    }
}

/// Why an adapter may not be served, in a sentence.
package struct AdapterRefusal: Error, Equatable {
    package let reason: String
    package init(_ reason: String) { self.reason = reason }
}

/// The chain as a server asks it.
package protocol ServingChain: Sendable {
    /// What a finalised state says about an adapter of this identity; throws unless it may be
    /// served.
    func verify(_ identity: AdapterIdentity) async throws -> VerifiedAdapter

    /// The terms of a channel that is open to this provider and not closing, or nil. An error says
    /// that the chain could not be asked.
    func channel(_ id: Digest) async throws -> ChannelTerms?
}

/// An adapter that may be used.
struct ServedAdapter: Sendable {
    let identity: AdapterIdentity
    let prepared: PreparedAdapter
    let verified: VerifiedAdapter
    let loaded: Int
}
