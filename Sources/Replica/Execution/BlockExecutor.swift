// Builds blocks and judges them: everything that stands between a block's bytes and a vote. The
// roots in the header are after the block's own transactions, so judging means executing.

import Cryptography
package import Ledger
import Primitives
import StateTree
package import Voting

/// Executes blocks on one committed tip.
package struct BlockExecutor<Store: ReplicaStore> {
    let store: Store
    let chain: ChainID
    let tip: ChainTip

    /// What a proposer puts into a block.
    package struct Contents {
        let time: UInt64
        let proposer: PublicKey
        let proof: VRFProof
        let lastCommit: CommitCertificate?
        let transactions: [SignedTransaction]
        let evidence: [DuplicateVoteEvidence]
    }

    /// Executes the contents and builds the block of those that may stand in it.
    ///
    /// - Throws: only what makes the node stop; contents cannot be at fault.
    package func build(_ contents: Contents) throws(ReplicaFault) -> ExecutedBlock? {
        guard let beacon = beacon(contents.proof, by: contents.proposer) else { return nil }
        let input = BlockInput(
            height: tip.height.next,
            time: contents.time,
            proposer: contents.proposer,
            beacon: beacon,
            transactions: contents.transactions,
            evidence: contents.evidence,
            lastCommit: contents.lastCommit
        )
        let (outcome, tree) = try execute(input)
        let header = BlockHeader(
            version: try version(),
            chain: chain,
            height: input.height,
            time: contents.time,
            parent: tip.hash,
            transactionsRoot: Block.transactionsRoot(outcome.included),
            stateRoot: tree.root,
            receiptsRoot: Block.receiptsRoot(outcome.receipts),
            validatorsHash: tip.validators.hash,
            nextValidatorsHash: outcome.nextValidators.hash,
            lastCommitHash: Block.lastCommitHash(contents.lastCommit),
            evidenceRoot: Block.evidenceRoot(outcome.includedEvidence),
            proposer: contents.proposer,
            vrfProof: contents.proof,
            beacon: beacon
        )
        let block = Block(
            header: header,
            transactions: outcome.included,
            evidence: outcome.includedEvidence,
            lastCommit: contents.lastCommit
        )
        return ExecutedBlock(block: block, hash: block.hash, outcome: outcome, tree: tree)
    }

    /// Checks everything about a block but its time against the clock, cheapest first.
    ///
    /// - Parameters:
    ///   - isSigned: verifies a transaction, or remembers having done so.
    ///   - isKnown: true for a signature of the last certificate that was verified before.
    package func judge(
        _ block: Block,
        isSigned: (SignedTransaction) -> Bool,
        isKnown: (CommitCertificate.Entry) -> Bool
    ) throws(ReplicaFault) -> Result<ExecutedBlock, BlockRejection> {
        let version = try version()
        do throws(BlockRejection) {
            try checkHeader(block, version)
            try checkContents(block, isKnown: isKnown)
            for transaction in block.transactions
            where !(transaction.keyMatchesSender && isSigned(transaction)) {
                throw BlockRejection.forgedTransaction(transaction.id)
            }
        } catch {
            return .failure(error)
        }
        return try reexecute(block)
    }

    /// The protocol version of the block to come.
    private func version() throws(ReplicaFault) -> UInt32 {
        do { return try ProtocolRecord.read(from: store).version(at: tip.height.next) } catch {
            throw .execution(error)
        }
    }

    private func checkHeader(_ block: Block, _ version: UInt32) throws(BlockRejection) {
        let header = block.header
        guard header.version == version else {
            throw .wrongVersion(expected: version, found: header.version)
        }
        guard header.chain == chain else { throw .wrongChain }
        guard header.height == tip.height.next else {
            throw .wrongHeight(expected: tip.height.next, found: header.height)
        }
        guard header.parent == tip.hash else {
            throw .wrongParent(expected: tip.hash, found: header.parent)
        }
        guard header.time > tip.time else {
            throw .timeNotAfterParent(parent: tip.time, found: header.time)
        }
        guard header.validatorsHash == tip.validators.hash else { throw .wrongValidators }
        guard tip.validators.index(of: header.proposer) != nil else { throw .wrongProposer }
    }

    private func checkContents(
        _ block: Block,
        isKnown: (CommitCertificate.Entry) -> Bool
    ) throws(BlockRejection) {
        guard block.contentsMatchHeader else { throw .contentsMismatch }
        let size = block.borshBytes.count
        guard size <= Block.byteLimit else { throw .tooLarge(size) }
        guard beacon(block.header.vrfProof, by: block.header.proposer) == block.header.beacon
        else { throw .invalidBeacon }
        try checkLastCommit(block.lastCommit, isKnown: isKnown)
    }

    /// The first block has no certificate; every other carries one for its parent.
    private func checkLastCommit(
        _ commit: CommitCertificate?,
        isKnown: (CommitCertificate.Entry) -> Bool
    ) throws(BlockRejection) {
        guard let set = tip.lastValidators else {
            guard commit == nil else { throw .contentsMismatch }
            return
        }
        guard let commit, commit.height == tip.height, commit.block == tip.hash else {
            throw .missingLastCommit
        }
        do {
            try commit.verify(set: set, chain: chain, isKnown: isKnown)
        } catch {
            throw .invalidLastCommit(error)
        }
    }

    private func reexecute(
        _ block: Block
    ) throws(ReplicaFault) -> Result<ExecutedBlock, BlockRejection> {
        let header = block.header
        let (outcome, tree) = try execute(
            BlockInput(
                height: header.height,
                time: header.time,
                proposer: header.proposer,
                beacon: header.beacon,
                transactions: block.transactions,
                evidence: block.evidence,
                lastCommit: block.lastCommit
            )
        )
        guard outcome.included.count == block.transactions.count,
            outcome.includedEvidence.count == block.evidence.count
        else { return .failure(.notIncludable) }
        guard header.receiptsRoot == Block.receiptsRoot(outcome.receipts) else {
            return .failure(.wrongReceipts)
        }
        guard header.nextValidatorsHash == outcome.nextValidators.hash else {
            return .failure(.wrongNextValidators)
        }
        guard header.stateRoot == tree.root else { return .failure(.wrongState) }
        return .success(
            ExecutedBlock(block: block, hash: header.hash, outcome: outcome, tree: tree)
        )
    }

    private func execute(
        _ input: BlockInput
    ) throws(ReplicaFault) -> (outcome: BlockOutcome, tree: TreeUpdate) {
        let outcome: BlockOutcome
        do {
            outcome = try Execution.execute(input, on: store)
        } catch {
            throw .execution(error)
        }
        do {
            let tree = try StateTree.apply(
                outcome.changes.map { (key: $0.key, value: $0.value) },
                at: tip.height.value,
                to: input.height.value,
                in: store
            )
            return (outcome, tree)
        } catch {
            throw .stateTree(input.height)
        }
    }

    /// The beacon after this proof; nil for a proof that does not hold.
    private func beacon(_ proof: VRFProof, by key: PublicKey) -> Digest? {
        guard
            let output = VRF.output(
                of: proof,
                alpha: Beacon.alpha(previous: tip.beacon),
                by: key
            )
        else { return nil }
        return Beacon.next(previous: tip.beacon, output: output)
    }
}
