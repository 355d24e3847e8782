// Catching up: asking peers for final blocks, checking and executing each, and serving others.

import Consensus
import Ledger
import Primitives
import Voting

/// A block from a peer that follows the tip.
struct FetchedBlock {
    let certified: CertifiedBlock
    let peer: PeerID
}

/// How sure we have to be that we are behind before we ask.
enum SyncPatience {
    /// Ask when anyone claims more than we have.
    case none
    /// Being one block behind is normal for a moment: ask only if it lasted since the last
    /// gossip.
    case oneGossip
}

extension Replica {
    mutating func considerSync(patience: SyncPatience) {
        guard isStarted, committing == nil, fetched.isEmpty else { return }
        let next = tip.height.next
        let hasLasted = claimBefore.map { $0 >= next } ?? false
        let isUrgent = patience == .none || work.isAwaitingBlock || hasLasted
        guard let request = sync.ask(tip: tip.height, goal: isUrgent ? next : next.next) else {
            return
        }
        emit(.send(.requestBlocks(from: request.first, count: request.count), to: request.peer))
        emit(
            .schedule(
                .sync(request.number),
                afterMilliseconds: configuration.syncMilliseconds
            )
        )
        let last = Height(request.first.value + UInt64(request.count) - 1)
        emit(.note(.syncing(from: request.first, to: last)))
    }

    mutating func receive(_ certified: CertifiedBlock, from peer: PeerID) {
        guard sync.accept(certified.height, from: peer) else { return }
        fetched.append(FetchedBlock(certified: certified, peer: peer))
        _ = applyFetched()
    }

    /// Commits the next fetched block, if it is there and good. True when a commit is under way.
    mutating func applyFetched() -> Bool {
        guard committing == nil, !isHalted else { return committing != nil }
        fetched.removeAll { $0.certified.height < consensus.height }
        guard let first = fetched.first, first.certified.height == consensus.height else {
            fetched = []
            return false
        }
        fetched.removeFirst()
        guard let executed = check(first) else {
            fetched = []
            sync.reject(first.peer)
            considerSync(patience: .none)
            return false
        }
        commit(executed, first.certified.certificate)
        return true
    }

    private mutating func check(_ fetched: FetchedBlock) -> ExecutedBlock? {
        let (block, certificate) = (fetched.certified.block, fetched.certified.certificate)
        let known = consensus.votes.votes(.precommit, in: certificate.round)
        let hash = block.hash
        do {
            guard certificate.height == consensus.height, certificate.block == hash,
                block.contentsMatchHeader
            else {
                throw CertificateError.insufficientPower(signed: 0, total: tip.validators.total)
            }
            try certificate.verify(set: tip.validators, chain: configuration.chain) { entry in
                known?[entry.validator].map {
                    $0.signature == entry.signature && $0.vote.block == certificate.block
                } ?? false
            }
        } catch {
            emit(.report(fetched.peer, .invalidBlock(consensus.height)))
            return nil
        }
        guard let verdict = verdict(on: block) else { return nil }
        guard case .success(let executed) = verdict else {
            // The header is what two thirds signed, and its contents are the peer's no longer.
            halt(.decidedInvalidBlock(consensus.height, hash))
            return nil
        }
        return executed
    }

    /// Sends final blocks, in order, up to a budget that fits the network's queue.
    mutating func serveBlocks(_ first: Height, _ count: UInt8, to peer: PeerID) {
        guard first > .genesis, first <= tip.height else {
            return emit(.send(.status(status), to: peer))
        }
        let last = min(tip.height.value, first.value + UInt64(count) - 1)
        var budget = min(Self.servedByteLimit, repairs.bytesLeft(peer, now: now))
        for height in first.value...last {
            guard budget > 0, let certified = stored(Height(height)) else { return }
            let bytes = certified.block.transactions.reduce(1_024) { $0 + $1.byteCount }
            budget -= bytes
            repairs.spend(bytes, for: peer)
            emit(.send(.block(certified), to: peer))
        }
    }

    /// A block of the past. Nothing that this node does next depends on it, so one that is damaged
    /// stops nobody: it is noted, and whoever wants it asks another peer.
    private mutating func stored(_ height: Height) -> CertifiedBlock? {
        do { return try store.certifiedBlock(at: height) } catch {
            emit(.note(.unreadableBlock(height)))
            return nil
        }
    }

    private static var servedByteLimit: Int { 2 << 20 }
}
