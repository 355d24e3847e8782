// Puts a claim's work together from the chain's objects and the artifacts that they name. Every
// root is checked here, so that a job sees only what was committed.

import Attribution
import Commitments
import Jobs
import LanguageModel
package import Ledger
import Primitives

/// Assembles claims at one committed state.
package struct ClaimAssembly: Sendable {
    let state: any ChainState
    let source: any ArtifactSource
    let models: ModelCache

    package init(
        state: any ChainState,
        source: any ArtifactSource,
        models: ModelCache
    ) {
        self.state = state
        self.source = source
        self.models = models
    }

    package func work(for claim: Claim) async throws(ClaimDefect) -> ClaimedWork {
        let terms = claim.terms
        let work: ClaimedWork
        switch terms.kind {
        case .screening: work = try await screening(terms)
        case .training: work = try await training(terms)
        case .index: work = try await index(terms)
        case .inference: work = try await inference(terms)
        case .attribution: work = try await attribution(terms)
        }
        guard work.job.unitCount == Int(terms.unitCount) else {
            throw .invalid("the job has \(work.job.unitCount) units, the claim \(terms.unitCount)")
        }
        guard work.outputs.count == Int(terms.unitCount),
            outputRoot(of: work.outputs) == terms.outputRoot
        else { throw .invalid("the outputs do not have the claim's root") }
        return work
    }

    private func screening(_ terms: SubmitClaim) async throws(ClaimDefect) -> ClaimedWork {
        let contributions = try await contributions(of: terms.subject, covers: terms.covers)
        let table: CommittedList<SnapshotLeaf> = try await list(terms.artifact)
        let job = try checked { () throws(JobFailure) in try ScreeningJob(contributions) }
        return ClaimedWork(job: job, outputs: table.elements.map(\.digest))
    }

    private func training(_ terms: SubmitClaim) async throws(ClaimDefect) -> ClaimedWork {
        let adapter = try await adapter(terms.subject)
        let records = try await records(of: adapter)
        let trace: TrainingTrace = try decode(try await fetch(terms.artifact), "training trace")
        let job = try checked { () throws(JobFailure) in
            try TrainingJob(
                model: adapter.model.bundle.model,
                recipe: adapter.recipe,
                records: records,
                snapshots: trace.snapshots,
                committed: adapter.weights
            )
        }
        return ClaimedWork(
            job: job,
            outputs: trace.snapshots.map { TrainingJob.digest(ofState: $0) }
        )
    }

    private func index(_ terms: SubmitClaim) async throws(ClaimDefect) -> ClaimedWork {
        let adapter = try await adapter(terms.subject)
        let records = try await records(of: adapter)
        let index = try await influenceIndex(terms.artifact)
        let job = try checked { () throws(JobFailure) in
            try IndexJob(
                model: adapter.model.bundle.model,
                adapter: adapter.weights,
                recipe: adapter.recipe,
                records: records
            )
        }
        return ClaimedWork(job: job, outputs: index.rows.map(\.digest))
    }

    private func inference(_ terms: SubmitClaim) async throws(ClaimDefect) -> ClaimedWork {
        let adapter = try await adapter(terms.subject)
        let receipts = try await receipts(terms)
        let job = try checked { () throws(JobFailure) in
            try InferenceJob(
                model: adapter.model.bundle.model,
                adapter: adapter.weights,
                pricePerToken: adapter.record.terms.pricePerToken,
                receipts: receipts
            )
        }
        return ClaimedWork(
            job: job,
            outputs: receipts.map(\.digest),
            pay: receipts.map(\.fee)
        )
    }

    private func attribution(_ terms: SubmitClaim) async throws(ClaimDefect) -> ClaimedWork {
        let adapter = try await adapter(terms.subject)
        let receipts = try await receipts(terms)
        guard let output = terms.outputArtifact else { throw .invalid("no output artifact") }
        let rows: CommittedList<QueryAttribution> = try await list(output)
        let job = try await attributionJob(for: adapter, receipts: receipts)
        return ClaimedWork(
            job: job,
            outputs: rows.elements.map(\.digest),
            pay: receipts.map(\.fee)
        )
    }
}
