// Feeding consensus and doing what it asks for.

import Consensus
import Ledger
import Primitives
import Voting

extension Replica {
    /// Gives consensus an input and performs what comes out.
    mutating func run(_ input: ConsensusInput) {
        for effect in consensus.step(input) {
            guard !isHalted, committing == nil else { return }
            perform(effect)
        }
    }

    mutating func perform(_ effect: ConsensusEffect) {
        switch effect {
        case .entered(let round): emit(.note(.entered(consensus.height, round)))
        case .build(let round):
            work.buildingRound = round
            buildIfReady()
        case .propose(let proposal): sign(.proposal(proposal))
        case .vote(let vote): sign(.vote(vote))
        case .schedule(let timeout):
            emit(.schedule(.consensus(timeout), afterMilliseconds: duration(timeout)))
        case .equivocation(let fault): convict(fault)
        case .decide(let certificate): decide(certificate)
        }
    }

    /// Asks for a signature with the key that serves in this height's set.
    mutating func sign(_ request: SignRequest) {
        guard let key = ownKey else { return }
        emit(.sign(request, with: key))
    }

    var ownKey: PublicKey? { consensus.validator.flatMap { consensus.set[$0]?.key } }

    /// Timeouts grow with the round, until they outlast whatever delays the network.
    private func duration(_ timeout: Timeout) -> UInt64 {
        let timing = configuration.parameters.timing
        let (base, delta) =
            timeout.kind == .propose
            ? (timing.proposeMilliseconds, timing.proposeDeltaMilliseconds)
            : (timing.voteMilliseconds, timing.voteDeltaMilliseconds)
        return UInt64(base) + UInt64(delta) * UInt64(timeout.round.value)
    }

    mutating func fire(_ timeout: Timeout) {
        guard timeout.height == consensus.height, timeout.round == consensus.round,
            committing == nil
        else { return }
        emit(.persist(.timeout(timeout), sync: false))
        run(.timeout(timeout))
    }

    // MARK: Proposing

    /// Builds the block that consensus waits for, once the beacon proof is there.
    mutating func buildIfReady() {
        guard let round = work.buildingRound, let key = ownKey else { return }
        guard let proof = work.proof else { return requestProof() }
        work.buildingRound = nil
        let contents = BlockExecutor<Store>.Contents(
            time: max(now, tip.time + 1),
            proposer: key,
            proof: proof,
            lastCommit: late.best,
            transactions: mempool.candidates(
                count: Block.transactionLimit,
                bytes: Block.byteLimit - Self.blockReserve
            ),
            evidence: Array(evidence.pending.prefix(Block.evidenceLimit))
        )
        do {
            guard let built = try executor.build(contents) else { return }
            for (transaction, refusal) in built.outcome.excluded
            where refusal != .blockFull && refusal != .futureNonce {
                mempool.drop(transaction)
            }
            evidence.settle(
                height: consensus.height,
                offered: contents.evidence.filter { !built.block.evidence.contains($0) }
            )
            work.keep(
                HeightWork.Judged(hash: built.hash, block: built.block, verdict: .success(built)),
                needed: neededBlocks
            )
            emit(.note(.proposed(consensus.height, round, built.hash)))
            run(.built(round, built.hash))
        } catch {
            halt(error)
        }
    }

    /// Room in a block for everything but transactions: header, certificate of 128 validators
    /// and 16 pieces of evidence.
    private static var blockReserve: Int { 24_576 }

    /// Our own signature came back.
    mutating func take(_ item: SignedItem) {
        switch item {
        case .beacon(let alpha, let proof):
            guard alpha == Beacon.alpha(previous: tip.beacon), committing == nil else { return }
            work.proof = proof
            buildIfReady()
        case .vote(let signed):
            guard signed.vote.height == consensus.height, committing == nil else { return }
            emit(.persist(.vote(signed), sync: true))
            emit(.broadcast(.votes([signed]), except: nil))
            run(.vote(signed))
        case .proposal(let signed):
            let proposal = signed.proposal
            guard proposal.height == consensus.height, committing == nil,
                let judged = work.judged(proposal.block)
            else { return }
            emit(.persist(.proposal(signed, judged.block, isValid: true), sync: true))
            emit(.broadcast(.proposal(signed, judged.block), except: nil))
            work.keep(signed)
            run(.proposal(proposal, isValid: true))
        }
    }

    // MARK: Hearing others

    /// Checks a proposal and its block, cheapest first, and hands both to consensus.
    mutating func receive(_ signed: SignedProposal, _ block: Block, from peer: PeerID) {
        let proposal = signed.proposal
        if proposal.height == consensus.height.next || committing != nil {
            if proposal.height <= consensus.height.next {
                early.keep(signed, block, from: peer)
            }
            return
        }
        guard proposal.height == consensus.height, isStarted,
            proposal.round.value <= consensus.round.value + Self.roundWindow,
            consensus.proposal(in: proposal.round) == nil
        else { return }
        guard signed.isSigned(in: consensus.set, chain: configuration.chain) else {
            return emit(.report(peer, .forgedProposal(proposal)))
        }
        // The hash is the header's: contents that are not the header's are another block under the
        // same name. Were that one judged, its verdict would be taken for the true one's.
        guard block.hash == proposal.block, block.contentsMatchHeader else {
            return emit(.report(peer, .mismatchedBlock(proposal)))
        }
        guard let isValid = judge(proposal, block) else { return }
        beginHeight()
        emit(.persist(.proposal(signed, block, isValid: isValid), sync: false))
        work.keep(signed)
        run(.proposal(proposal, isValid: isValid))
    }

    /// How many rounds ahead of ours a proposal is kept.
    private static var roundWindow: UInt32 { 4 }

    /// Whether this validator may vote for the block now. Nil when the node had to stop.
    private mutating func judge(_ proposal: Proposal, _ block: Block) -> Bool? {
        if let rejection = untimely(proposal, block) {
            emit(.note(.rejected(proposal.block, rejection)))
            keepUnjudged(block)
            return false
        }
        guard let verdict = verdict(on: block) else { return nil }
        guard case .failure(let rejection) = verdict else { return true }
        emit(.note(.rejected(proposal.block, rejection)))
        return false
    }

    /// The time rule, for new blocks only: a block that was once voted for keeps its time, and its
    /// first proposer. The late side widens with the round, so that a slow network still decides.
    private func untimely(_ proposal: Proposal, _ block: Block) -> BlockRejection? {
        guard proposal.validRound == nil else { return nil }
        guard consensus.set[proposal.proposer]?.key == block.header.proposer else {
            return .wrongProposer
        }
        let time = block.header.time
        let skew = UInt64(configuration.parameters.timing.clockSkewMilliseconds)
        let delay = duration(
            Timeout(kind: .propose, height: proposal.height, round: proposal.round)
        )
        // A proposer whose parent is ahead of its clock must still go forward.
        let isAhead = time > now &+ skew && time > tip.time + 1
        let isBehind = time &+ skew &+ 2 * delay < now
        return isAhead || isBehind ? .untimely(now: now, found: time) : nil
    }

    private mutating func keepUnjudged(_ block: Block) {
        guard work.judged(block.hash) == nil else { return }
        work.keep(
            HeightWork.Judged(hash: block.hash, block: block, verdict: nil),
            needed: neededBlocks
        )
    }

    /// The verdict on a block, found once. Nil when the node had to stop.
    mutating func verdict(on block: Block) -> Result<ExecutedBlock, BlockRejection>? {
        let hash = block.hash
        if let known = work.judged(hash)?.verdict { return known }
        do {
            let known = late
            let verdict = try executor.judge(
                block,
                isSigned: { verdicts.isSigned($0) },
                isKnown: { known.contains($0) }
            )
            work.keep(
                HeightWork.Judged(hash: hash, block: block, verdict: verdict),
                needed: neededBlocks
            )
            if case .success = verdict, let commit = block.lastCommit { compare(commit) }
            return verdict
        } catch {
            halt(error)
            return nil
        }
    }

    /// Votes of this height go to consensus; those of the next wait; those of the last height
    /// still count for their validators, or against them.
    mutating func receive(_ votes: [SignedVote], from peer: PeerID) {
        for signed in votes {
            let vote = signed.vote
            if vote.height == consensus.height.next
                || (vote.height == consensus.height && committing != nil)
            {
                early.keep(signed, from: peer)
            } else if vote.height == consensus.height, isStarted {
                receive(signed, from: peer)
            } else if vote.height == tip.height {
                receiveLate(signed, from: peer)
            }
            if isHalted { return }
        }
    }

    private mutating func receive(_ signed: SignedVote, from peer: PeerID) {
        let vote = signed.vote
        let isCounted = consensus.votes.votes(vote.kind, in: vote.round)?.holds(vote) ?? false
        guard !isCounted, consensus.set[vote.validator] != nil else { return }
        guard signed.isSigned(in: consensus.set, chain: configuration.chain) else {
            return emit(.report(peer, .forgedVote(vote)))
        }
        beginHeight()
        emit(.persist(.vote(signed), sync: false))
        run(.vote(signed))
    }

    // MARK: Deciding

    private mutating func decide(_ certificate: CommitCertificate) {
        guard let block = work.judged(certificate.block)?.block else {
            work.isAwaitingBlock = true
            return
        }
        guard let verdict = verdict(on: block) else { return }
        guard case .success(let executed) = verdict else {
            return halt(.decidedInvalidBlock(consensus.height, certificate.block))
        }
        commit(executed, certificate)
    }

    mutating func commit(_ executed: ExecutedBlock, _ certificate: CommitCertificate) {
        let committed = executed.committed(on: tip, certificate: certificate)
        committing = committed.tip
        mempool.remove(included: executed.block.transactions)
        evidence.remove(executed.block.evidence)
        emit(.note(.decided(committed.height, certificate.round, executed.hash)))
        emit(.commit(committed))
    }

    var executor: BlockExecutor<Store> {
        BlockExecutor(store: store, chain: configuration.chain, tip: tip)
    }

    /// Blocks that consensus may still come back to.
    var neededBlocks: [Digest] {
        [consensus.machine.valid?.block, consensus.machine.locked?.block].compactMap { $0 }
    }
}
