import Consensus
import Primitives
import Testing
import Voting

/// The rules that keep two blocks from being decided: L22 to L43.
@Suite("Locks")
struct LockTests {
    private let a = Table.a
    private let b = Table.b

    /// A follower that locked block a in round 0 and has entered round 1.
    private func locked() throws -> (table: Table, me: UInt16, peers: [UInt16]) {
        let me = try Table.follower(of: 3)
        let peers = (UInt16(0)..<4).filter { $0 != me }
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        _ = table.consensus.step(.proposal(try Table.proposal(a), isValid: true))
        for peer in peers { _ = table.consensus.step(.vote(Table.signed(.prevote, a, by: peer))) }
        for peer in peers.prefix(2) {
            _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peer, round: 1)))
        }
        #expect(table.consensus.round == Round(1))
        #expect(table.consensus.machine.locked == .some(.init(round: .zero, block: a)))
        return (table, me, peers)
    }

    @Test("a locked validator prevotes none for another new block (L26)")
    func refusesOther() throws {
        var (table, me, _) = try locked()
        #expect(
            table.consensus.step(.proposal(try Table.proposal(b, round: 1), isValid: true))
                == [.vote(Table.vote(.prevote, nil, by: me, round: 1))]
        )
    }

    @Test(
        "a block that is invalid here is neither locked nor decided, whoever votes for it (L36, L49)"
    )
    func invalid() throws {
        let me = try Table.follower(of: 3)
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        _ = table.consensus.step(.proposal(try Table.proposal(a), isValid: false))
        for kind in [Vote.Kind.prevote, .precommit] {
            for peer in UInt16(0)..<4 where peer != me {
                _ = table.consensus.step(.vote(Table.signed(kind, a, by: peer)))
            }
            #expect(table.consensus.machine.locked == nil)
            #expect(table.consensus.machine.valid == nil)
            #expect(!table.consensus.isDecided)
        }
        #expect(table.consensus.votes.level(.precommit, in: .zero) == .agreed(a))
    }

    @Test("a locked validator prevotes its own block again (L23)")
    func acceptsSame() throws {
        var (table, me, _) = try locked()
        #expect(
            table.consensus.step(.proposal(try Table.proposal(a, round: 1), isValid: true))
                == [.vote(Table.vote(.prevote, a, by: me, round: 1))]
        )
    }

    @Test("an earlier polka is awaited before a reproposed block is judged (L28)")
    func awaitsPolka() throws {
        let me = try Table.follower(of: 2)
        let peers = (UInt16(0)..<4).filter { $0 != me }
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        for peer in peers.prefix(2) {
            _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peer, round: 1)))
        }
        let reproposal = try Table.proposal(a, round: 1, validRound: 0)
        #expect(table.consensus.step(.proposal(reproposal, isValid: true)) == [])
        #expect(table.consensus.step(.vote(Table.signed(.prevote, a, by: peers[0]))) == [])
        #expect(table.consensus.step(.vote(Table.signed(.prevote, a, by: peers[1]))) == [])
        #expect(
            table.consensus.step(.vote(Table.signed(.prevote, a, by: peers[2])))
                == [.vote(Table.vote(.prevote, a, by: me, round: 1))]
        )
    }

    @Test("a polka younger than the lock moves it to the other block (L29, L36)")
    func unlocks() throws {
        var (table, me, peers) = try locked()
        // Round 1: the others find two thirds for b without us.
        for peer in peers {
            _ = table.consensus.step(.vote(Table.signed(.prevote, b, by: peer, round: 1)))
        }
        for peer in peers.prefix(2) {
            _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peer, round: 2)))
        }
        let reproposal = try Table.proposal(b, round: 2, validRound: 1)
        #expect(
            table.consensus.step(.proposal(reproposal, isValid: true))
                == [.vote(Table.vote(.prevote, b, by: me, round: 2))]
        )
        _ = table.consensus.step(.vote(Table.signed(.prevote, b, by: me, round: 2)))
        _ = table.consensus.step(.vote(Table.signed(.prevote, b, by: peers[0], round: 2)))
        #expect(
            table.consensus.step(.vote(Table.signed(.prevote, b, by: peers[1], round: 2)))
                == [.vote(Table.vote(.precommit, b, by: me, round: 2))]
        )
        #expect(table.consensus.machine.locked == .some(.init(round: Round(2), block: b)))
    }

    @Test("a polka older than the lock does not move it (L29)")
    func keepsYoungerLock() throws {
        let me = try Table.follower(of: 3)
        let peers = (UInt16(0)..<4).filter { $0 != me }
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        // Two thirds for b in round 0, whose block never came; then a lock on a in round 1.
        for peer in peers { _ = table.consensus.step(.vote(Table.signed(.prevote, b, by: peer))) }
        for peer in peers.prefix(2) {
            _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peer, round: 1)))
        }
        _ = table.consensus.step(.proposal(try Table.proposal(a, round: 1), isValid: true))
        for peer in peers {
            _ = table.consensus.step(.vote(Table.signed(.prevote, a, by: peer, round: 1)))
        }
        #expect(table.consensus.machine.locked?.round == Round(1))
        for peer in peers.prefix(2) {
            _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peer, round: 2)))
        }
        let reproposal = try Table.proposal(b, round: 2, validRound: 0)
        #expect(
            table.consensus.step(.proposal(reproposal, isValid: true))
                == [.vote(Table.vote(.prevote, nil, by: me, round: 2))]
        )
    }

    @Test("a late polka after precommitting none updates the valid block but not the lock (L42)")
    func latePolka() throws {
        let me = try Table.follower(of: 2)
        let peers = (UInt16(0)..<4).filter { $0 != me }
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        _ = table.consensus.step(.proposal(try Table.proposal(a), isValid: true))
        _ = table.consensus.step(.vote(Table.signed(.prevote, a, by: me)))
        _ = table.consensus.step(.vote(Table.signed(.prevote, nil, by: peers[0])))
        _ = table.consensus.step(.vote(Table.signed(.prevote, a, by: peers[1])))
        #expect(
            table.consensus.step(.timeout(Table.timer(.prevote)))
                == [.vote(Table.vote(.precommit, nil, by: me))]
        )
        #expect(table.consensus.step(.vote(Table.signed(.prevote, a, by: peers[2]))) == [])
        #expect(table.consensus.machine.valid == .some(.init(round: .zero, block: a)))
        #expect(table.consensus.machine.locked == nil)
    }

    @Test("a proposer proposes the valid block again, with its round (L16)")
    func reproposes() throws {
        let me = try Table.proposer(1)
        let peers = (UInt16(0)..<4).filter { $0 != me }
        var table = try Table(me: me)
        _ = table.consensus.step(.start)
        _ = table.consensus.step(.proposal(try Table.proposal(a), isValid: true))
        for peer in peers { _ = table.consensus.step(.vote(Table.signed(.prevote, a, by: peer))) }
        _ = table.consensus.step(.vote(Table.signed(.precommit, nil, by: peers[0], round: 1)))
        #expect(
            table.consensus.step(.vote(Table.signed(.precommit, nil, by: peers[1], round: 1)))
                == [
                    .entered(Round(1)), .schedule(Table.timer(.propose, round: 1)),
                    .propose(try Table.proposal(a, round: 1, validRound: 0)),
                ]
        )
    }
}
