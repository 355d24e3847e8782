import Cryptography
import Ledger
import Primitives
import Testing

@Suite("Transactions in blocks") struct TransactionTests {
    private func transfer(_ world: World, _ tokens: UInt64) -> Action {
        .transfer(Transfer(to: world.users[1].address, amount: Amount(tokens: tokens)))
    }

    @Test("a transfer moves its amount, pays its fee and takes its nonce")
    func moves() throws {
        let world = try World()
        try world.send(world.users[0], transfer(world, 5))
        let sender = try world.account(world.users[0].address)
        #expect(sender.nonce == 1)
        #expect(
            try sender.balance == Amount(tokens: 999_995).subtracting(World.fee)
        )
        #expect(try world.balance(world.users[1]) == Amount(tokens: 1_000_005))
    }

    @Test("a refused transaction pays and takes its nonce, and changes nothing else")
    func refused() throws {
        let world = try World()
        let before = world.state.values
        let outcome = try world.block([
            try world.transaction(world.users[0], transfer(world, 2_000_000))
        ])
        #expect(outcome.receipts.map(\.result) == [.refused(.insufficientBalance)])
        #expect(outcome.events.isEmpty)
        let changed = outcome.changes.filter { before[$0.key] != $0.value }.map(\.key)
        let allowed = [
            StateKey.account(world.users[0].address), StateKey.pools, StateKey.supply,
            StateKey.beacon(Height(1)),
            StateKey.validator(world.operators[0].owner.address),
        ]
        #expect(changed.allSatisfy { allowed.contains($0) })
        #expect(try world.account(world.users[0].address).nonce == 1)
        let self0 = Action.transfer(Transfer(to: world.users[1].address, amount: .zero))
        #expect(try world.refusal(world.users[0], self0) == .amountZero)
    }

    @Test("a transfer to oneself keeps the money")
    func toSelf() throws {
        let world = try World()
        let user = world.users[0]
        try world.send(user, .transfer(Transfer(to: user.address, amount: Amount(tokens: 7))))
        #expect(try world.balance(user) == Amount(tokens: 1_000_000).subtracting(World.fee))
    }

    @Test("what may not stand in a block is left out, and pays nothing")
    func excluded() throws {
        let world = try World()
        let user = world.users[0]
        let action = transfer(world, 1)
        let chain = try #require(ChainID("other"))
        let body = { (chain: ChainID, sender: Actor, nonce: UInt64, fee: Amount) in
            Transaction(
                chain: chain,
                sender: sender.address,
                nonce: nonce,
                fee: fee,
                action: action
            )
        }
        let mine = world.genesis.chain
        let cases: [(SignedTransaction, Refusal)] = [
            (user.sign(body(chain, user, 0, World.fee)), .wrongChain),
            (world.users[2].sign(body(mine, user, 0, World.fee)), .keyMismatch),
            (user.sign(body(mine, user, 1, World.fee)), .futureNonce),
            (user.sign(body(mine, user, .max, World.fee)), .futureNonce),
            (user.sign(body(mine, user, 0, .zero)), .feeTooLow),
            (user.sign(body(mine, user, 0, Amount(tokens: 2_000_000))), .insufficientBalance),
            (Actor(99).sign(body(mine, Actor(99), 0, World.fee)), .insufficientBalance),
        ]
        for (transaction, refusal) in cases {
            let outcome = try world.block([transaction])
            #expect(outcome.included.isEmpty)
            #expect(outcome.excluded.map(\.refusal) == [refusal])
        }
        try world.send(user, action)
        let outcome = try world.block([user.sign(body(mine, user, 0, World.fee))])
        #expect(outcome.excluded.map(\.refusal) == [.staleNonce])
    }

    @Test("transactions of one sender follow each other in a block, and each only once")
    func sequence() throws {
        let world = try World()
        let list = try (0..<3).map {
            try world.transaction(world.users[0], transfer(world, 1), ahead: $0)
        }
        let outcome = try world.block(list + [list[0]])
        #expect(outcome.included.map(\.id) == list.map(\.id))
        #expect(outcome.excluded.map(\.refusal) == [.staleNonce])
    }

    @Test("a block takes no more bytes than its limit; the rest waits for the next")
    func blockFull() throws {
        let world = try World()
        let user = world.users[0]
        let large = CreateDatanet(
            name: [1],
            licence: [],
            admission: .curated((0..<64).map { Actor($0).address }.sorted()),
            bondPerRecord: .zero,
            ownerPerMille: 0
        )
        let list = try (0..<700).map {
            try world.transaction(user, .createDatanet(large), ahead: $0)
        }
        let outcome = try world.block(list)
        let bytes = outcome.included.reduce(0) { $0 + $1.byteCount }
        #expect(bytes <= Block.byteLimit)
        #expect(outcome.included.count < 700)
        #expect(outcome.excluded.allSatisfy { $0.refusal == .blockFull })
        #expect(outcome.included.map(\.id) == list.prefix(outcome.included.count).map(\.id))
    }

    @Test("a transaction over the size limit is left out")
    func size() throws {
        let world = try World { $0.maxTransactionBytes = 1_024 }
        let terms = World.adapterTerms("x", model: .zero, snapshot: .zero)
        let large = CommitAdapter(
            name: terms.name,
            model: terms.model,
            snapshot: terms.snapshot,
            recipe: Array(repeating: 0, count: 1_024),
            fileHash: terms.fileHash,
            canonicalRoot: terms.canonicalRoot,
            adapterArtifact: terms.adapterArtifact,
            trace: terms.trace,
            index: terms.index,
            pricePerToken: terms.pricePerToken,
            bond: terms.bond
        )
        #expect(
            try world.refusal(world.users[0], .commitAdapter(large)) == .transactionTooLarge
        )
    }

    @Test("the mempool's check agrees with the block's, and lets a few nonces wait")
    func admission() throws {
        let world = try World()
        let chain = try ChainRecord.read(from: world.state)
        let user = world.users[0]
        let check = { (transaction: SignedTransaction) throws(Refusal) in
            try Admission.check(transaction, chain: chain, on: world.state)
        }
        let action = transfer(world, 1)
        #expect(try check(try world.transaction(user, action)).nextNonce == 0)
        #expect(try check(try world.transaction(user, action, ahead: 15)).nextNonce == 0)
        let far = try world.transaction(user, action, ahead: 16)
        #expect(throws: Refusal.futureNonce) { try check(far) }
        let cheap = try world.transaction(user, action, fee: .zero)
        #expect(throws: Refusal.feeTooLow) { try check(cheap) }
        let dear = try world.transaction(user, action, fee: Amount(tokens: 2_000_000))
        #expect(throws: Refusal.insufficientBalance) { try check(dear) }
        let first = try world.transaction(user, action)
        try world.block([first])
        #expect(throws: Refusal.staleNonce) { try check(first) }
    }

    @Test("a block that is not the next one is refused, and so is a state without genesis")
    func heights() throws {
        let world = try World()
        let input = { (height: UInt64) in
            BlockInput(
                height: Height(height),
                time: 0,
                proposer: world.operators[0].hot.key,
                beacon: .zero,
                transactions: []
            )
        }
        for height in [UInt64(0), 2] {
            #expect(throws: LedgerError.heightOutOfOrder(found: Height(height))) {
                try Execution.execute(input(height), on: world.state)
            }
        }
        #expect(throws: LedgerError.missingGenesis) {
            try Execution.execute(input(1), on: MemoryState())
        }
        world.state.values[StateKey.supply] = [1]
        #expect(throws: LedgerError.corruptState(key: StateKey.supply)) {
            try Execution.execute(input(1), on: world.state)
        }
    }

    @Test("a state whose totals are not the supply stops the block")
    func conservation() throws {
        let world = try World()
        var totals = try #require(world.state.values[StateKey.supply])
        totals[4] ^= 1
        world.state.values[StateKey.supply] = totals
        let input = BlockInput(
            height: Height(1),
            time: 0,
            proposer: world.operators[0].hot.key,
            beacon: .zero,
            transactions: []
        )
        #expect {
            try Execution.execute(input, on: world.state)
        } throws: { error in
            guard case .supplyMismatch(let expected, _)? = error as? LedgerError else {
                return false
            }
            return expected == Genesis.supply
        }
    }

    @Test("totals are what all entries of the state really hold, through whole stories")
    func audit() throws {
        let serving = try Serving(World())
        let rows = [try serving.row(1, fee: Amount(tokens: 3), weights: [50, 20, -30])]
        let claims = try serving.claims(rows)
        try serving.world.send(
            serving.provider,
            .settle(serving.settle(rows, claims, voucher: serving.voucher(Amount(tokens: 3))))
        )
        #expect(try serving.world.audited() == serving.world.entry(StateKey.supply))
        #expect(try serving.world.audited().sum() == Genesis.supply)
        try serving.world.blocks(5)
        #expect(try serving.world.audited() == serving.world.entry(StateKey.supply))
    }
}
