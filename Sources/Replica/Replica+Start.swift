// Starting from the store and the log, and going from height to height.

import Consensus
import Ledger
import Primitives
import Voting

extension Replica {
    /// Rebuilds the height in progress from the log, then asks again for what the log shows to be
    /// missing: a vote that was due and never recorded, a block to build, a timer.
    mutating func start(_ log: [WALEntry]) {
        guard !isStarted, followsNextHeight() else { return }
        isStarted = true
        var outstanding: [ConsensusEffect] = []
        for entry in log where entry.height == consensus.height {
            outstanding += replay(entry)
        }
        emit(.schedule(.gossip, afterMilliseconds: configuration.gossipMilliseconds))
        emit(.schedule(.heartbeat(consensus.height), afterMilliseconds: heartbeat))
        for effect in outstanding where isDue(effect) { perform(effect) }
        prepareProof()
        beginIfWorkWaits()
    }

    private mutating func replay(_ entry: WALEntry) -> [ConsensusEffect] {
        switch entry {
        case .started:
            work.hasBegun = true
            return consensus.step(.start)
        case .proposal(let signed, let block, let isValid):
            // Judged again only if it is decided or proposed again.
            work.keep(
                HeightWork.Judged(hash: block.hash, block: block, verdict: nil),
                needed: neededBlocks
            )
            work.keep(signed)
            return consensus.step(.proposal(signed.proposal, isValid: isValid))
        case .vote(let signed): return consensus.step(.vote(signed))
        case .timeout(let timeout): return consensus.step(.timeout(timeout))
        }
    }

    /// Whether an effect of the replay still has to happen. The shell's guard record answers a
    /// repeated request with the same signature and refuses a contradicting one.
    private func isDue(_ effect: ConsensusEffect) -> Bool {
        switch effect {
        case .entered: false
        case .build(let round):
            round == consensus.round && consensus.proposal(in: round) == nil
        case .propose(let proposal):
            proposal.round == consensus.round && consensus.proposal(in: proposal.round) == nil
        case .vote(let vote):
            vote.round == consensus.round
                && consensus.votes.votes(vote.kind, in: vote.round)?[vote.validator] == nil
        case .schedule(let timeout): timeout.round == consensus.round
        case .equivocation, .decide: true
        }
    }

    /// Begins the height after a committed block.
    mutating func finishCommit(_ height: Height) {
        guard let committed = committing, committed.height == height else { return }
        committing = nil
        tip = committed
        guard followsNextHeight() else { return }
        let decided = consensus
        consensus = Consensus(
            height: tip.height.next,
            set: tip.validators,
            validator: configuration.validator(in: tip.validators)
        )
        work = HeightWork()
        late = LatePrecommits(tip: tip)
        late.merge(decided)
        // What was only heard of counts as well: the certificate's votes, in a block from a peer.
        previous = decided.votes
        if let certificate = tip.certificate { compare(certificate) }
        emit(.schedule(.heartbeat(consensus.height), afterMilliseconds: heartbeat))
        emit(.broadcast(.status(status), except: nil))
        prepareProof()
        if applyFetched() { return }
        let waiting = early.take()
        for (proposal, block, peer) in waiting.proposals { receive(proposal, block, from: peer) }
        for (vote, peer) in waiting.votes { receive([vote], from: peer) }
        beginIfWorkWaits()
        considerSync(patience: .oneGossip)
    }

    /// False, and the end of it, when the next height is the first of a version that we do not
    /// know. Tells of one to come.
    private mutating func followsNextHeight() -> Bool {
        let record: ProtocolRecord
        do { record = try ProtocolRecord.read(from: store) } catch {
            halt(.execution(error))
            return false
        }
        let version = record.version(at: tip.height.next)
        guard version <= configuration.latestVersion else {
            halt(.unknownVersion(version, from: tip.height.next))
            return false
        }
        if let next = record.next, next.version > configuration.latestVersion {
            emit(.note(.upgradeNeeded(next.version, from: next.height)))
        }
        return true
    }

    /// Starts consensus when a transaction or a fault waits for a block.
    mutating func beginIfWorkWaits() {
        if mempool.hasReady || !evidence.isEmpty { beginHeight() }
    }

    mutating func beginHeight() {
        guard committing == nil, !work.hasBegun, isStarted else { return }
        work.hasBegun = true
        emit(.persist(.started(consensus.height), sync: false))
        run(.start)
    }

    /// The first proposer of a height asks for its beacon proof before it needs it.
    private mutating func prepareProof() {
        guard let validator = consensus.validator,
            consensus.set.proposer(height: consensus.height, round: .zero) == validator
        else { return }
        requestProof()
    }

    mutating func requestProof() {
        guard work.proof == nil, !work.isProofRequested else { return }
        work.isProofRequested = true
        sign(.beacon(alpha: Beacon.alpha(previous: tip.beacon)))
    }

    private var heartbeat: UInt64 { UInt64(configuration.parameters.timing.heartbeatMilliseconds) }
}
