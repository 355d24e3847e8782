package import Ledger
package import Primitives
package import Voting

/// What a light client concludes from: a header that it believes, or the genesis.
package struct TrustedHeader: Sendable, Hashable {
    package let height: Height
    package let hash: Digest
    /// Milliseconds since 1970.
    package let time: UInt64
    /// Whose signatures under later headers count.
    package let validators: ValidatorSet
    package let nextValidatorsHash: Digest

    package init(_ block: LightBlock) {
        height = block.height
        hash = block.header.hash
        time = block.header.time
        validators = block.validators
        nextValidatorsHash = block.header.nextValidatorsHash
    }

    /// The genesis as the header of height 0. Building its state takes a moment for documents with
    /// many balances.
    package init(genesis: Genesis) throws(LightClientError) {
        guard let set = try? genesis.initialState().validators else { throw .genesis }
        height = .genesis
        hash = genesis.hash
        time = genesis.time
        validators = set
        nextValidatorsHash = set.hash
    }
}

/// A height and the hash of its block, learnt from someone whom the user trusts.
package struct Checkpoint: Sendable, Hashable {
    package let height: Height
    package let hash: Digest

    package init(height: Height, hash: Digest) {
        self.height = height
        self.hash = hash
    }

    /// Reads `HEIGHT:HASH`, the hash with or without `0x`; nil for anything else.
    package init?(text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = UInt64(parts[0]), number > 0, number < UInt64.max
        else { return nil }
        let digits = parts[1].hasPrefix("0x") ? parts[1].dropFirst(2) : parts[1]
        guard let bytes = Hex.decode(String(digits)), let hash = Digest(bytes) else { return nil }
        height = Height(number)
        self.hash = hash
    }

    /// The block as a trusted header, if it is the checkpoint's and within the trust period.
    package func trust(
        _ block: LightBlock,
        rules: LightClientRules,
        now: UInt64
    ) throws(LightClientError) -> TrustedHeader {
        guard block.height == height else {
            throw .wrongHeight(expected: height, found: block.height)
        }
        let found = block.header.hash
        guard found == hash else {
            throw .otherCheckpoint(height, expected: hash, found: found)
        }
        try block.checkItself(chain: rules.chain)
        let trusted = TrustedHeader(block)
        try rules.checkAge(of: trusted, now: now)
        return trusted
    }
}
