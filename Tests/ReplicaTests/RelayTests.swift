import Ledger
import Primitives
import Replica
import Testing

@Suite("Telling peers of transactions")
struct RelayTests {
    private let cluster: Cluster
    private let senders: Senders

    init() throws {
        cluster = try Cluster()
        senders = try Senders()
        try cluster.begin()
    }

    private func pushed(_ effects: [ReplicaEffect]) -> [[Digest]] {
        effects.compactMap {
            guard case .broadcast(.transactions(let list), nil) = $0 else { return nil }
            return list.map(\.id)
        }
    }

    private func announced(_ effects: [ReplicaEffect]) -> [[Digest]] {
        effects.compactMap {
            guard case .broadcast(.announce(let ids), nil) = $0 else { return nil }
            return ids
        }
    }

    @Test("a client's transaction leaves whole and at once, the next ones after the interval")
    func pushes() throws {
        let transfers = try (UInt64(0)..<3).map { try senders.transfer(1, nonce: $0) }
        let first = try cluster.give(.submit(transfers[0], SubmissionID(0)), to: 0)
        #expect(pushed(first) == [[transfers[0].id]])
        for transfer in transfers.dropFirst() {
            let later = try cluster.give(.submit(transfer, SubmissionID(1)), to: 0)
            #expect(pushed(later).isEmpty)
        }
        let timer = try cluster.give(.timer(.announce), to: 0)
        #expect(pushed(timer) == [[transfers[1].id, transfers[2].id]])
        #expect(announced(timer).isEmpty)
        #expect(pushed(try cluster.give(.timer(.announce), to: 0)).isEmpty)
    }

    @Test("a peer's transaction is announced by its id, unless a block has it by then")
    func announces() throws {
        let (kept, taken) = (
            try senders.transfer(1, nonce: 1), try senders.transfer(2, nonce: 0)
        )
        let message = ReplicaMessage.transactions([kept])
        let effects = try cluster.give(.message(message, from: try cluster.peer(1)), to: 0)
        #expect(pushed(effects).isEmpty && announced(effects).isEmpty)
        #expect(announced(try cluster.give(.timer(.announce), to: 0)) == [[kept.id]])

        try cluster.give(
            .message(.transactions([taken]), from: try cluster.peer(1)),
            to: 0
        )
        try cluster.give(.submit(taken, SubmissionID(0)), to: 1)
        try cluster.deliver()
        #expect(cluster.heights() == [1, 1, 1, 1])
        #expect(announced(try cluster.give(.timer(.announce), to: 0)).isEmpty)
    }

    @Test("what the shell has verified is not verified again")
    func verified() throws {
        let transfer = try senders.transfer(1, nonce: 0)
        let forged = SignedTransaction(
            body: transfer.body,
            key: transfer.key,
            signature: .zero
        )
        try cluster.give(.verified([forged]), to: 0)
        let effects = try cluster.give(.submit(forged, SubmissionID(3)), to: 0)
        let accepted = effects.contains {
            if case .reply(SubmissionID(3), .accepted) = $0 { true } else { false }
        }
        #expect(accepted)
    }
}
