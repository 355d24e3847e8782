import Commitments
import Ledger
import Primitives
import Testing

@Suite("Models and adapters") struct ModelTests {
    @Test("a model is registered once, and asks for no more than the chain allows")
    func models() throws {
        let world = try World()
        _ = try world.registerModel(world.users[0])
        let again = Action.registerModel(World.modelTerms("weights", share: 10))
        #expect(try world.refusal(world.users[1], again) == .duplicateModel)
        let greedy = Action.registerModel(World.modelTerms("other", share: 51))
        #expect(try world.refusal(world.users[1], greedy) == .feeShareTooHigh)
    }

    @Test("an adapter is refused for each of its defects, and whoever is first owns it")
    func adapters() throws {
        let world = try World()
        let datanet = try world.createDatanet(world.users[0])
        try world.contribute(world.users[1], to: datanet, "one", records: 2)
        let snapshot = try world.freeze(datanet, covers: 1, records: 2)
        let model = try world.registerModel(world.users[4])
        let user = world.users[5]
        func refusal(_ terms: CommitAdapter) throws -> Refusal? {
            try world.refusal(user, .commitAdapter(terms))
        }
        #expect(
            try refusal(World.adapterTerms("a", model: .zero, snapshot: snapshot)) == .unknownModel
        )
        #expect(
            try refusal(World.adapterTerms("a", model: model, snapshot: .zero)) == .unknownSnapshot
        )
        #expect(
            try refusal(World.adapterTerms("a", model: model, snapshot: snapshot, bond: 19))
                == .bondTooSmall
        )
        #expect(
            try refusal(World.adapterTerms("", model: model, snapshot: snapshot)) == .emptyName
        )
        let terms = World.adapterTerms("a", model: model, snapshot: snapshot)
        try world.send(world.users[6], .commitAdapter(terms))
        #expect(try refusal(terms) == .duplicateAdapter)
    }

    @Test("an owner revokes its adapter when nothing is open, and gets the bond back")
    func revokes() throws {
        let world = try World()
        let (_, adapter) = try world.committedAdapter()
        let owner = world.users[5]
        #expect(
            try world.refusal(world.users[6], .revokeAdapter(adapter: adapter)) == .notOwner
        )
        #expect(try world.refusal(owner, .revokeAdapter(adapter: .zero)) == .unknownAdapter)
        let claim = try world.send(
            owner,
            .submitClaim(try world.adapterClaim(.training, adapter))
        )
        #expect(try world.refusal(owner, .revokeAdapter(adapter: adapter)) == .claimOpen)
        try world.finish(claim)
        let before = try world.balance(owner)
        try world.send(owner, .revokeAdapter(adapter: adapter))
        let back = try Amount(tokens: 20).subtracting(World.fee)
        #expect(try world.balance(owner) == before.adding(back))
        #expect(try world.refusal(owner, .revokeAdapter(adapter: adapter)) == .adapterRevoked)
        #expect(
            try world.refusal(owner, .submitClaim(try world.adapterClaim(.index, adapter)))
                == .adapterRevoked
        )
    }
}
