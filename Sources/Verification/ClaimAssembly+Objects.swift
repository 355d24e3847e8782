// The chain's objects with the artifacts that belong to them.

package import Attribution
package import Commitments
package import Jobs
package import LanguageModel
package import Ledger
package import Primitives

extension ClaimAssembly {
    /// A committed adapter, ready to compute with.
    package struct LoadedAdapter: Sendable {
        package let record: Adapter
        package let model: ModelCache.Entry
        package let recipe: AdapterRecipe
        package let weights: LoRAAdapter
    }

    package func adapter(_ id: Digest) async throws(ClaimDefect) -> LoadedAdapter {
        let record = try await object(Adapter.self, StateKey.adapter(id))
        let recipe: AdapterRecipe = try decode(record.terms.recipe, "recipe")
        let model = try await model(record.terms.model)
        let files: AdapterFiles = try decode(
            try await fetch(record.terms.adapterArtifact),
            "adapter artifact"
        )
        let weights: LoRAAdapter
        do {
            weights = try files.adapter(for: model.bundle.configuration)
        } catch {
            throw .invalid("adapter: \(error)")
        }
        let root = CanonicalRoot.adapter(weights, base: model.bundle.weightsRoot)
        guard root == record.terms.canonicalRoot else {
            throw .invalid("the adapter's tensors do not have its canonical root")
        }
        return LoadedAdapter(record: record, model: model, recipe: recipe, weights: weights)
    }

    package func model(_ id: Digest) async throws(ClaimDefect) -> ModelCache.Entry {
        let record = try await object(Model.self, StateKey.model(id))
        if let entry = models.entry(id) { return entry }
        let weights = try await fetch(record.terms.weightsArtifact)
        let configuration = try await fetch(record.terms.configArtifact)
        let tokenizer = try await fetch(record.terms.tokenizerArtifact)
        let bundle: ModelBundle
        do {
            bundle = try ModelBundle(
                weights: weights,
                configuration: configuration,
                tokenizer: tokenizer
            )
        } catch {
            throw .invalid("model: \(error)")
        }
        guard bundle.weightsRoot == record.terms.weightsRoot else {
            throw .invalid("the model's tensors do not have its weights root")
        }
        return models.insert(bundle, for: id)
    }

    /// The accepted records that an adapter was trained on, in the snapshot's order, as tokens.
    package func records(
        of adapter: LoadedAdapter
    ) async throws(ClaimDefect) -> [TokenizedRecord?] {
        let key = StateKey.snapshot(adapter.record.terms.snapshot)
        let accepted = try await acceptedRecords(of: try await object(Snapshot.self, key))
        let tokens = RecordTokens(
            tokenizer: adapter.model.bundle.tokenizer,
            configuration: adapter.model.bundle.configuration
        )
        return accepted.map { tokens.record($0.record) }
    }

    /// A record that passed screening, with its row in the snapshot's table.
    package struct AcceptedRecord: Sendable {
        package let leaf: SnapshotLeaf
        package let record: DataRecord
    }

    /// The accepted records of a snapshot, in its order.
    package func acceptedRecords(
        of snapshot: Snapshot
    ) async throws(ClaimDefect) -> [AcceptedRecord] {
        let table = try await table(of: snapshot)
        let contributions = try await contributions(of: snapshot.datanet, covers: snapshot.covers)
        var accepted: [AcceptedRecord] = []
        for leaf in table where leaf.isAccepted {
            guard
                let owner = contributions.first(where: { $0.index == leaf.contribution }),
                let rows = owner.records, rows.indices.contains(Int(leaf.row))
            else { throw .invalid("the snapshot names a record that no contribution has") }
            accepted.append(AcceptedRecord(leaf: leaf, record: rows[Int(leaf.row)]))
        }
        return accepted
    }

    package func table(of snapshot: Snapshot) async throws(ClaimDefect) -> [SnapshotLeaf] {
        let table: CommittedList<SnapshotLeaf> = try await list(snapshot.table)
        guard table.root == snapshot.root else {
            throw .invalid("the snapshot's table does not have its root")
        }
        return table.elements
    }

    /// The attribution of answers that an adapter gave.
    package func attributionJob(
        for adapter: LoadedAdapter,
        receipts: [InferenceReceipt]
    ) async throws(ClaimDefect) -> AttributionJob {
        let key = StateKey.snapshot(adapter.record.terms.snapshot)
        let table = try await table(of: try await object(Snapshot.self, key))
        let index = try await influenceIndex(adapter.record.terms.index.artifact)
        guard index.root == adapter.record.terms.index.root else {
            throw .invalid("the influence index does not have the adapter's index root")
        }
        return try checked { () throws(JobFailure) in
            try AttributionJob(
                model: adapter.model.bundle.model,
                adapter: adapter.weights,
                recipe: adapter.recipe,
                index: index,
                table: table,
                receipts: receipts
            )
        }
    }

    package func contributions(
        of datanet: Digest,
        covers: UInt32
    ) async throws(ClaimDefect) -> [RevealedContribution] {
        var contributions: [RevealedContribution] = []
        for index in 0..<covers {
            let place = try await object(
                ContributionPlace.self,
                StateKey.contributionIndex(datanet, index)
            )
            let contribution = try await object(
                Contribution.self,
                StateKey.contribution(place.contribution)
            )
            guard let content = contribution.content else { continue }
            contributions.append(
                RevealedContribution(
                    index: index,
                    contributor: contribution.contributor,
                    artifact: try await fetch(content.artifact),
                    root: content.root,
                    recordCount: content.recordCount
                )
            )
        }
        return contributions
    }

    func receipts(_ terms: SubmitClaim) async throws(ClaimDefect) -> [InferenceReceipt] {
        let list: CommittedList<InferenceReceipt> = try await list(terms.artifact)
        guard list.elements.allSatisfy({ $0.adapter == terms.subject }) else {
            throw .invalid("a receipt names another adapter")
        }
        return list.elements
    }

    package func influenceIndex(_ id: ArtifactID) async throws(ClaimDefect) -> InfluenceIndex {
        let bytes = try await fetch(id)
        do {
            return try InfluenceIndex(artifact: bytes)
        } catch {
            throw .invalid("influence index: \(error)")
        }
    }

    /// The committed object at a key; a claim that names none is invalid.
    package func object<Value: StateEntry>(
        _ type: Value.Type,
        _ key: [UInt8]
    ) async throws(ClaimDefect) -> Value {
        let bytes: [UInt8]?
        do {
            bytes = try await state.value(key)
        } catch {
            throw .state("\(error)")
        }
        guard let bytes else { throw .missing("\(Value.self)") }
        do {
            return try Value(borsh: bytes)
        } catch {
            throw .state("\(Value.self): \(error)")
        }
    }

    func fetch(_ id: ArtifactID) async throws(ClaimDefect) -> [UInt8] {
        do {
            return try await source.artifact(id)
        } catch {
            throw .unavailable(id)
        }
    }

    package func list<Element: CommittedElement>(
        _ id: ArtifactID
    ) async throws(ClaimDefect) -> CommittedList<Element> {
        try decode(try await fetch(id), "list of \(Element.self)")
    }

    func decode<Value: BorshDecodable>(
        _ bytes: [UInt8],
        _ name: String
    ) throws(ClaimDefect) -> Value {
        do {
            return try Value(borsh: bytes)
        } catch {
            throw .invalid("\(name): \(error)")
        }
    }

    func checked<Value>(
        _ body: () throws(JobFailure) -> Value
    ) throws(ClaimDefect) -> Value {
        do {
            return try body()
        } catch {
            throw .invalid("\(error)")
        }
    }
}
