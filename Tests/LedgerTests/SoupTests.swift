import Commitments
import Ledger
import Primitives
import TestSupport
import Testing

/// Random transactions in random blocks: most are refused, some succeed, and nothing that they
/// do together creates or destroys a unit, or stops the chain.
@Suite("Transaction soups") struct SoupTests {
    @Test("supply is conserved and every entry is counted, whatever is sent", arguments: 0..<12)
    func conserved(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let world = try World(adjust: { $0.staking.blockReward = Amount(units: 12_345) })
        var soup = Soup(world: world)
        let (_, adapter) = try world.verifiedAdapter()
        soup.remember(adapter)
        var accepted = 0
        for _ in 0..<120 {
            var batch: [SignedTransaction] = []
            for sender in soup.senders where Bool.random(using: &generator) {
                let action = soup.action(of: sender, &generator)
                batch.append(try world.transaction(sender, action))
            }
            let outcome = try world.block(batch)
            for receipt in outcome.receipts where receipt.result == .ok {
                soup.remember(receipt.transaction)
                accepted += 1
            }
            #expect(outcome.included.count + outcome.excluded.count == batch.count)
        }
        #expect(accepted > 50, "\(accepted)")
        #expect(try world.audited() == world.entry(StateKey.supply))
        #expect(try world.audited().sum() == Genesis.supply)
    }

    @Test("the same blocks on the same state give the same bytes")
    func deterministic() throws {
        let runs = try (0..<2).map { _ in
            var generator = SeededGenerator(seed: 99)
            let world = try World()
            var soup = Soup(world: world)
            for _ in 0..<40 {
                let batch = try soup.senders.map {
                    try world.transaction($0, soup.action(of: $0, &generator))
                }
                let outcome = try world.block(batch)
                for receipt in outcome.receipts where receipt.result == .ok {
                    soup.remember(receipt.transaction)
                }
                let keys = outcome.changes.map(\.key)
                #expect(zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
            }
            return (world.state.values, world.events)
        }
        #expect(runs[0].0 == runs[1].0)
        #expect(runs[0].1 == runs[1].1)
    }
}

struct Soup {
    let world: World
    let senders: [Actor]
    private var ids: [Digest] = [.zero]

    init(world: World) {
        self.world = world
        senders = world.users + world.operators.map(\.owner) + world.operators.map(\.hot)
    }

    mutating func remember(_ id: Digest) { ids.append(id) }

    func action(of sender: Actor, _ generator: inout SeededGenerator) -> Action {
        let amount = Amount(tokens: UInt64.random(in: 0...60, using: &generator))
        let id = ids[max(0, ids.count - Int.random(in: 1...12, using: &generator))]
        let other = senders[Int.random(in: 0..<senders.count, using: &generator)].address
        let number = UInt32.random(in: 0...4, using: &generator)
        switch Int.random(in: 0...18, using: &generator) {
        case 0: return .delegate(Delegate(validator: other, amount: amount))
        case 1: return .undelegate(Undelegate(validator: other, amount: amount))
        case 2: return .unjail
        case 3:
            return .createDatanet(
                CreateDatanet(
                    name: [65],
                    licence: [],
                    admission: .open,
                    bondPerRecord: Amount(units: 3),
                    ownerPerMille: 7
                )
            )
        case 4:
            let commitment = ContributionCommitment.digest(
                root: World.root("x"),
                salt: World.digest("salt"),
                contributor: sender.address
            )
            return .commitContribution(
                CommitContribution(datanet: id, commitment: commitment, bond: amount)
            )
        case 5: return world.reveal(id, "x", records: number)
        case 6: return .freezeSnapshot(FreezeSnapshot(datanet: id, claim: id))
        case 7: return .registerModel(World.modelTerms("w\(number)", share: UInt16(number)))
        case 8: return .revokeAdapter(adapter: id)
        case 9: return .submitClaim(world.screening(id, covers: number, records: number))
        case 10: return .commitVerdict(CommitVerdict(claim: id, digest: .zero))
        case 11: return .challengeUnit(ChallengeUnit(claim: id, unit: number, bond: amount))
        case 12:
            return .openChannel(OpenChannel(provider: other, adapter: nil, deposit: amount))
        case 13: return .closeChannel(channel: id)
        case 14:
            return .submitClaim(
                SubmitClaim(
                    kind: .inference,
                    subject: ids[1 % ids.count],
                    artifact: id,
                    unitCount: number,
                    outputRoot: id,
                    bond: amount
                )
            )
        case 15: return .setCommission(perMille: UInt16(number * 40))
        case 16: return .signalVersion(number)
        case 17:
            return .rotateKey(
                RotateKey(key: sender.key, proof: world.proof(of: sender, for: sender))
            )
        default: return .transfer(Transfer(to: other, amount: amount))
        }
    }
}
