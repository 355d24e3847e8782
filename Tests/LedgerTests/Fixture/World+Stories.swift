import Commitments
import Ledger
import Primitives
import Testing

/// What a panel member says.
struct Say: Sendable {
    var verdict: Verdict?
    var trace: Digest
    var reveals = true

    static let valid = Say(verdict: .valid, trace: World.digest("trace"))
    /// A member who has not run anything and hopes that the claim is right.
    static let copied = Say(verdict: .valid, trace: World.digest("guess"))
    static let unavailable = Say(verdict: .unavailable, trace: .zero)
    static let silent = Say(verdict: nil, trace: .zero)
    static let secretive = Say(verdict: .valid, trace: World.digest("trace"), reveals: false)

    static func invalid(_ unit: UInt32) -> Say {
        Say(
            verdict: .invalid(unit: unit, expected: World.digest("right")),
            trace: World.digest("trace")
        )
    }
}

extension World {
    func hot(_ validator: Address) throws -> Actor {
        try #require(operators.first { $0.owner.address == validator }).hot
    }

    /// Lets the current panel speak, in the panel's order, free of fees; then time passes until
    /// the panel has decided.
    func judge(_ id: Digest, _ sayings: [Say]) throws {
        let members = try panel(id).members
        let phase = try claim(id).phase
        #expect(members.count == sayings.count)
        let salt = World.digest("salt")
        for (member, say) in zip(members, sayings) {
            guard let verdict = say.verdict else { continue }
            let digest = verdict.commitment(
                claim: id,
                trace: say.trace,
                salt: salt,
                validator: member.validator
            )
            try send(
                try hot(member.validator),
                .commitVerdict(CommitVerdict(claim: id, digest: digest)),
                fee: .zero
            )
        }
        while try claim(id).phase == phase { try block() }
        for (member, say) in zip(members, sayings) where say.reveals {
            guard let verdict = say.verdict else { continue }
            try send(
                try hot(member.validator),
                .revealVerdict(
                    RevealVerdict(claim: id, verdict: verdict, trace: say.trace, salt: salt)
                ),
                fee: .zero
            )
        }
        while [.revealing, .challengeRevealing].contains(try claim(id).phase) { try block() }
    }

    /// Waits for the committee of a pending claim.
    func draw(_ id: Digest) throws {
        while try claim(id).phase == .pending { try block() }
        #expect(try claim(id).phase == .committing)
    }

    func accept(_ id: Digest) throws {
        try draw(id)
        try judge(id, try panel(id).members.map { _ in .valid })
        #expect(try claim(id).phase == .accepted)
    }

    func finish(_ id: Digest) throws {
        try accept(id)
        while try claim(id).phase == .accepted { try block() }
        #expect(try claim(id).phase == .final)
    }

    // MARK: Objects

    func createDatanet(
        _ owner: Actor,
        admission: AdmissionRule = .open,
        ownerPerMille: UInt16 = 100
    ) throws -> Digest {
        try send(
            owner,
            .createDatanet(
                CreateDatanet(
                    name: Array("net".utf8),
                    licence: Array("CC0".utf8),
                    admission: admission,
                    bondPerRecord: Amount(tokens: 1),
                    ownerPerMille: ownerPerMille
                )
            )
        )
    }

    static func root(_ name: String) -> Digest { digest("root " + name) }

    func commit(
        _ contributor: Actor,
        to datanet: Digest,
        _ name: String,
        bond: UInt64 = 10
    ) throws -> Digest {
        let commitment = ContributionCommitment.digest(
            root: World.root(name),
            salt: World.digest("salt"),
            contributor: contributor.address
        )
        return try send(
            contributor,
            .commitContribution(
                CommitContribution(
                    datanet: datanet,
                    commitment: commitment,
                    bond: Amount(tokens: bond)
                )
            )
        )
    }

    func reveal(_ contribution: Digest, _ name: String, records: UInt32) -> Action {
        .revealContribution(
            RevealContribution(
                contribution: contribution,
                root: World.root(name),
                recordCount: records,
                artifact: World.digest("data " + name),
                salt: World.digest("salt")
            )
        )
    }

    func contribute(
        _ contributor: Actor,
        to datanet: Digest,
        _ name: String,
        records: UInt32
    ) throws {
        let id = try commit(contributor, to: datanet, name)
        try send(contributor, reveal(id, name, records: records))
    }

    func screening(_ datanet: Digest, covers: UInt32, records: UInt32) -> SubmitClaim {
        SubmitClaim(
            kind: .screening,
            subject: datanet,
            covers: covers,
            artifact: World.digest("table"),
            unitCount: records,
            outputRoot: World.digest("table root"),
            bond: Amount(tokens: 10)
        )
    }

    func freeze(_ datanet: Digest, covers: UInt32, records: UInt32) throws -> Digest {
        let claim = try send(
            users[7],
            .submitClaim(screening(datanet, covers: covers, records: records))
        )
        try finish(claim)
        return try send(
            users[7],
            .freezeSnapshot(FreezeSnapshot(datanet: datanet, claim: claim))
        )
    }

    func registerModel(
        _ owner: Actor,
        share: UInt16 = 50,
        weights: String = "weights"
    ) throws -> Digest {
        try send(owner, .registerModel(World.modelTerms(weights, share: share)))
    }

    static func modelTerms(_ weights: String, share: UInt16) -> RegisterModel {
        RegisterModel(
            name: Array("base".utf8),
            licence: Array("MIT".utf8),
            weightsRoot: digest(weights),
            weightsArtifact: digest("w"),
            configArtifact: digest("c"),
            tokenizerArtifact: digest("t"),
            feeSharePerMille: share
        )
    }

    static func adapterTerms(
        _ name: String,
        model: Digest,
        snapshot: Digest,
        bond: UInt64 = 20
    ) -> CommitAdapter {
        CommitAdapter(
            name: Array(name.utf8),
            model: model,
            snapshot: snapshot,
            recipe: [1, 2],
            fileHash: digest("file " + name),
            canonicalRoot: digest("canonical " + name),
            adapterArtifact: digest("adapter " + name),
            trace: CommittedWork(
                root: digest("trace " + name),
                units: 4,
                artifact: digest("traces " + name)
            ),
            index: CommittedWork(
                root: digest("index " + name),
                units: 6,
                artifact: digest("indexes " + name)
            ),
            pricePerToken: Amount(units: 1_000_000_000_000),
            bond: Amount(tokens: bond)
        )
    }

    func adapterClaim(_ kind: JobKind, _ id: Digest) throws -> SubmitClaim {
        let terms = try adapter(id).terms
        let work = kind == .training ? terms.trace : terms.index
        return SubmitClaim(
            kind: kind,
            subject: id,
            artifact: work.artifact,
            unitCount: work.units,
            outputRoot: work.root,
            bond: Amount(tokens: 10)
        )
    }

    /// A Datanet of users 1, 2 and 3 with a snapshot, a model of user 4, and an adapter of user
    /// 5 that is committed but not verified.
    func committedAdapter() throws -> (datanet: Digest, adapter: Digest) {
        let datanet = try createDatanet(users[0])
        for (place, name) in ["one", "two", "three"].enumerated() {
            try contribute(users[place + 1], to: datanet, name, records: 2)
        }
        let snapshot = try freeze(datanet, covers: 3, records: 6)
        let model = try registerModel(users[4])
        let adapter = try send(
            users[5],
            .commitAdapter(World.adapterTerms("first", model: model, snapshot: snapshot))
        )
        return (datanet, adapter)
    }

    func verifiedAdapter() throws -> (datanet: Digest, adapter: Digest) {
        let (datanet, adapter) = try committedAdapter()
        for kind in [JobKind.training, .index] {
            try finish(try send(users[5], .submitClaim(try adapterClaim(kind, adapter))))
        }
        return (datanet, adapter)
    }
}
