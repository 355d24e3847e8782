import Commitments
import Jobs
import Ledger
import Primitives
import Synchronization
import Verification

/// A committed state and the artifacts that it names, in memory.
final class MemoryChain: ChainState, ArtifactSource {
    struct Missing: Error {}

    private let state = Mutex<[[UInt8]: [UInt8]]>([:])
    private let artifacts = Mutex<[ArtifactID: [UInt8]]>([:])

    func put(_ value: some StateEntry, at key: [UInt8]) {
        state.withLock { $0[key] = value.borshBytes }
    }

    func add(_ artifact: [UInt8]) -> ArtifactID {
        let id = artifactID(of: artifact)
        artifacts.withLock { $0[id] = artifact }
        return id
    }

    func lose(_ id: ArtifactID) { artifacts.withLock { $0[id] = nil } }

    func value(_ key: [UInt8]) async throws -> [UInt8]? { state.withLock { $0[key] } }

    func artifact(_ id: ArtifactID) async throws -> [UInt8] {
        guard let bytes = artifacts.withLock({ $0[id] }) else { throw Missing() }
        return bytes
    }
}

/// A Datanet with two contributions, a screening claim over it, and a panel.
struct ScreeningScene {
    let chain = MemoryChain()
    let datanet = Digest.zero
    let claimID = Digest([UInt8](repeating: 5, count: 32)) ?? .zero
    let hot = Address([UInt8](repeating: 3, count: 20)) ?? .zero
    let owner = Address([UInt8](repeating: 4, count: 20)) ?? .zero
    let table: [SnapshotLeaf]
    let contributionArtifact: ArtifactID
    var claim: Claim

    static let records = [
        (
            "How long should a wheat dough rest?",
            "About an hour, covered, until it has grown by half."
        ),
        (
            "Why does steam matter in baking?",
            "It keeps the crust soft, so the loaf can still rise."
        ),
        ("What does salt do to a dough?", "It tightens the gluten and slows the yeast a little."),
    ].map { DataRecord(prompt: Array($0.0.utf8), completion: Array($0.1.utf8)) }

    /// - Parameter alter: changes the claimed table before it is committed.
    init(alter: (inout [SnapshotLeaf]) -> Void = { _ in }) throws {
        let list = CommittedList(Self.records)
        contributionArtifact = chain.add(list.borshBytes)
        let contributor = Address([UInt8](repeating: 8, count: 20)) ?? .zero
        var contribution = Contribution(
            datanet: datanet,
            index: 0,
            contributor: contributor,
            commitment: .zero,
            bond: .zero,
            committed: Height(1),
            deadline: Height(9)
        )
        contribution.status = .revealed(
            Contribution.Content(
                root: list.root,
                recordCount: 3,
                artifact: contributionArtifact,
                revealed: Height(2)
            )
        )
        chain.put(
            ContributionPlace(contribution: .zero),
            at: StateKey.contributionIndex(datanet, 0)
        )
        chain.put(contribution, at: StateKey.contribution(.zero))
        var leaves = try ScreeningJob([
            RevealedContribution(index: 0, contributor: contributor, records: Self.records)
        ]).table
        alter(&leaves)
        table = leaves
        claim = Claim(
            claimant: contributor,
            terms: SubmitClaim(
                kind: .screening,
                subject: datanet,
                covers: 1,
                artifact: chain.add(CommittedList(leaves).borshBytes),
                unitCount: 3,
                outputRoot: CommittedList(leaves).root,
                bond: .zero
            ),
            fee: .zero,
            submitted: Height(3),
            deadline: Height(30)
        )
        claim.phase = .committing
        claim.beacon = .zero
        guard let chainID = ChainID("test-1") else { throw MemoryChain.Missing() }
        chain.put(
            ChainRecord(chain: chainID, genesis: .zero, parameters: .devnet),
            at: StateKey.chain
        )
        publish()
    }

    func publish(_ member: (inout Panel.Member) -> Void = { _ in }) {
        var panelist = Panel.Member(validator: owner, hot: hot, power: 1)
        member(&panelist)
        chain.put(claim, at: StateKey.claim(claimID))
        chain.put(Panel(members: [panelist]), at: StateKey.panel(claimID))
    }

    var assembly: ClaimAssembly {
        ClaimAssembly(state: chain, source: chain, models: ModelCache())
    }
}
