// A light client that answers questions: one node is asked, others confirm its headers, and every
// value is checked against a header that has been verified.

import Ledger
package import LightClient
package import Primitives
import StateTree

/// Keeps verified headers and checks values against them.
package actor LightService {
    package struct Status: Sendable {
        package let root: TrustedHeader
        package let latest: TrustedHeader
        package let headers: Int
        package let primary: String
        package let witnesses: [String]
        /// What was wrong with each witness that gave a header which does not hold.
        package let faults: [String]
        package let conflict: ConflictingHeaders?
    }

    /// How often, and after how many milliseconds, a witness that is behind is asked again.
    private static let patience = (tries: 20, milliseconds: 250)

    private let primary: any LightSource
    private let witnesses: [any LightSource]
    private let rules: LightClientRules
    private let now: @Sendable () -> UInt64
    private var store: HeaderStore
    private var faults: [String] = []
    private var conflict: ConflictingHeaders?

    /// - Parameters:
    ///   - witnesses: at least one: a primary alone could show a chain of its own making, signed
    ///     by validators that have long left.
    ///   - now: milliseconds since 1970.
    package init(
        primary: any LightSource,
        witnesses: [any LightSource],
        root: TrustedHeader,
        rules: LightClientRules,
        now: @escaping @Sendable () -> UInt64
    ) {
        precondition(!witnesses.isEmpty)
        self.primary = primary
        self.witnesses = witnesses
        self.rules = rules
        self.now = now
        store = HeaderStore(root: root, rules: rules)
    }

    package var status: Status {
        Status(
            root: store.root,
            latest: store.latest,
            headers: store.blocks.count,
            primary: primary.name,
            witnesses: witnesses.map(\.name),
            faults: faults,
            conflict: conflict
        )
    }

    /// The block of a height, verified and confirmed.
    package func block(at height: Height) async throws -> LightBlock {
        if let conflict { throw LightFailure.conflict(conflict.first.height) }
        if let known = store.block(at: height) { return known }
        var walk: SkippingVerification
        let base: TrustedHeader
        do {
            base = try store.base(below: height)
            walk = SkippingVerification(from: base, to: height, rules: rules)
            while let next = walk.next {
                let block = try await primary.lightBlock(at: next)
                try walk.take(block, now: now())
            }
        } catch let error as LightClientError {
            throw LightFailure.primary(primary.name, error)
        }
        try await confirm(walk.trace, since: base)
        store.keep(walk.trace)
        guard let block = walk.trace.last else { throw LightFailure.unconfirmed(height) }
        return block
    }

    /// A value with its proof, checked against a verified header.
    package func evidence(for key: [UInt8], at height: Height?) async throws -> StateEvidence {
        let evidence = try await primary.evidence(for: key, at: height)
        let found = evidence.header.height
        if let height, height != found {
            throw LightFailure.primary(
                primary.name,
                .wrongHeight(expected: height, found: found)
            )
        }
        let block = try await block(at: found)
        guard block.header.hash == evidence.header.hash else {
            throw LightFailure.primary(primary.name, .otherBlock(found))
        }
        guard let proof = try? StateProof(borsh: evidence.proof),
            proof.verify(root: block.header.stateRoot, key: key, value: evidence.value)
        else { throw LightFailure.proof(primary.name) }
        return StateEvidence(
            value: evidence.value,
            proof: evidence.proof,
            header: block.header,
            certificate: block.certificate
        )
    }

    // MARK: - Witnesses

    /// Asks every witness; one that agrees is enough, and one that shows another signed chain ends
    /// everything.
    private func confirm(_ trace: [LightBlock], since base: TrustedHeader) async throws {
        guard let target = trace.last else { return }
        var agreeing = 0
        for witness in witnesses {
            var comparison = WitnessComparison(root: base, trace: trace, rules: rules)
            do {
                while let next = comparison.next {
                    guard let block = await ask(witness, next) else { break }
                    try comparison.take(block, now: now())
                }
            } catch {
                note("\(witness.name): \(error)")
                continue
            }
            if let found = comparison.conflict {
                conflict = found
                throw LightFailure.conflict(found.first.height)
            }
            if comparison.next == nil { agreeing += 1 }
        }
        guard agreeing > 0 else { throw LightFailure.unconfirmed(target.height) }
    }

    /// A witness may be some blocks behind the primary.
    private func ask(_ witness: any LightSource, _ height: Height) async -> LightBlock? {
        for _ in 0..<Self.patience.tries {
            if let block = try? await witness.lightBlock(at: height) { return block }
            try? await Task.sleep(for: .milliseconds(Self.patience.milliseconds))
        }
        return nil
    }

    private func note(_ fault: String) {
        guard faults.count < 100, !faults.contains(fault) else { return }
        faults.append(fault)
    }
}
