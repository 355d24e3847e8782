import Commitments
import Ledger
import Primitives

/// What random people do: mostly what may succeed, now and then what may not.
extension DifferentialRun {
    mutating func action(of sender: Actor) throws -> Action {
        switch below(24) {
        case 0...1:
            return .transfer(Transfer(to: (pick(senders) ?? sender).address, amount: amount()))
        case 2...3: return .delegate(Delegate(validator: owner(), amount: amount()))
        case 4...5: return .undelegate(Undelegate(validator: owner(), amount: amount()))
        case 6: return service(of: sender)
        case 7: return naive.nets.count < 3 || chance(1, 8) ? datanet() : contribution(by: sender)
        case 8...9: return contribution(by: sender)
        case 10...11: return opening(by: sender)
        case 12: return screening()
        case 13: return freezing()
        case 14: return naive.models.isEmpty || chance(1, 8) ? model() : adapter()
        case 15...16: return chance(1, 12) ? revocation() : adapterClaim()
        case 17: return channel()
        case 18...20: return serving(sender)
        case 21: return settlement()
        case 22: return challenge()
        default: return chance(1, 8) ? closing() : opening(by: sender)
        }
    }

    private mutating func amount() -> Amount {
        switch below(32) {
        case 0: Amount(units: .max)
        case 1...4: Amount(units: UInt128(below(3)))
        default: Amount(units: UInt128(generator.next()) * UInt128(below(5_000)))
        }
    }

    /// A bond around what is asked for.
    private mutating func bond(_ least: Amount) -> Amount {
        switch below(12) {
        case 0: Amount(units: UInt128(below(3)))
        case 1: Amount(units: least.units == 0 ? 0 : least.units - 1)
        default: Amount(units: least.units + UInt128(below(2)) * UInt128(generator.next()))
        }
    }

    private mutating func owner() -> Address {
        let operators = world.operators.map(\.owner)
        return (pick(chance(1, 8) ? senders : operators) ?? senders[0]).address
    }

    private mutating func service(of sender: Actor) -> Action {
        switch below(5) {
        case 0...1: return .unjail
        case 2: return .setCommission(perMille: UInt16(below(1_001)))
        case 3:
            let hot = Actor(UInt8(160 + below(64)))
            return .rotateKey(RotateKey(key: hot.key, proof: world.proof(of: hot, for: sender)))
        default:
            let hot = pick(hotKeys) ?? sender
            return .registerValidator(
                RegisterValidator(
                    key: hot.key,
                    stake: amount(),
                    commissionPerMille: UInt16(below(1_001)),
                    proof: world.proof(of: hot, for: sender)
                )
            )
        }
    }

    // MARK: Data

    private mutating func datanet() -> Action {
        let rules: [AdmissionRule] = [
            .open, .staked(minimum: Amount(tokens: 3)),
            .curated(world.users.prefix(5).map(\.address).sorted()),
        ]
        return .createDatanet(
            CreateDatanet(
                name: chance(1, 10) ? [] : [1],
                licence: [],
                admission: pick(rules) ?? .open,
                bondPerRecord: Amount(units: UInt128(below(3)) * 700_000_000_000_000_001),
                ownerPerMille: UInt16(below(1_001))
            )
        )
    }

    private mutating func contribution(by sender: Actor) -> Action {
        let root = fresh("root")
        let commitment = ContributionCommitment.digest(
            root: root,
            salt: .zero,
            contributor: sender.address
        )
        roots[commitment] = root
        return .commitContribution(
            CommitContribution(
                datanet: pick(latest(naive.nets.keys, 3)) ?? .zero,
                commitment: commitment,
                bond: bond(Amount(tokens: 3))
            )
        )
    }

    private mutating func opening(by sender: Actor) -> Action {
        let hidden = naive.gifts.filter { $0.value.standing == .hidden }.keys.sorted()
        let own = hidden.filter { naive.gifts[$0]?.giver == sender.address }
        let id = pick(own) ?? pick(chance(1, 2) ? hidden : naive.gifts.keys.sorted()) ?? .zero
        let root = naive.gifts[id].flatMap { roots[$0.commitment] } ?? .zero
        return .revealContribution(
            RevealContribution(
                contribution: id,
                root: chance(1, 16) ? fresh("other") : root,
                recordCount: UInt32(below(5)),
                artifact: .zero,
                salt: .zero
            )
        )
    }

    private mutating func screening() -> Action {
        let id = pick(latest(naive.nets.keys, 3)) ?? .zero
        let gifts = naive.nets[id]?.gifts ?? []
        let covers = gifts.isEmpty ? 0 : 1 + below(gifts.count)
        let records = gifts.prefix(covers).reduce(0) { $0 + (naive.gifts[$1]?.records ?? 0) }
        return .submitClaim(
            SubmitClaim(
                kind: .screening,
                subject: id,
                covers: UInt32(covers),
                artifact: .zero,
                outputArtifact: chance(1, 24) ? .zero : nil,
                unitCount: UInt32(records) + (chance(1, 16) ? 1 : 0),
                outputRoot: fresh("table"),
                bond: bond(world.parameters.claims.minimumBond)
            )
        )
    }

    private mutating func freezing() -> Action {
        let screened = naive.claims.filter { $0.value.terms.kind == .screening }
        let ready = screened.filter { $0.value.phase == .final && !$0.value.isUsed }.keys.sorted()
        let id = pick(chance(1, 8) ? screened.keys.sorted() : ready) ?? .zero
        let net = naive.claims[id]?.terms.subject ?? .zero
        return .freezeSnapshot(
            FreezeSnapshot(
                datanet: chance(1, 16) ? pick(naive.nets.keys.sorted()) ?? .zero : net,
                claim: id
            )
        )
    }

    // MARK: Models

    private mutating func model() -> Action {
        .registerModel(
            RegisterModel(
                name: chance(1, 10) ? [] : [1],
                licence: [],
                weightsRoot: chance(1, 3)
                    ? pick(naive.models.values.map(\.weights).sorted()) ?? .zero : fresh("weights"),
                weightsArtifact: .zero,
                configArtifact: .zero,
                tokenizerArtifact: .zero,
                feeSharePerMille: UInt16(below(56))
            )
        )
    }

    private mutating func adapter() -> Action {
        func work(_ name: String) -> CommittedWork {
            CommittedWork(root: fresh(name), units: UInt32(below(6)), artifact: .zero)
        }
        return .commitAdapter(
            CommitAdapter(
                name: chance(1, 10) ? [] : [1],
                model: pick(naive.models.keys.sorted()) ?? .zero,
                snapshot: pick(naive.snapshots.keys.sorted()) ?? .zero,
                recipe: [],
                fileHash: .zero,
                canonicalRoot: chance(1, 4)
                    ? pick(naive.adapters.values.map(\.terms.canonicalRoot).sorted()) ?? .zero
                    : fresh("canonical"),
                adapterArtifact: .zero,
                trace: work("trace"),
                index: work("index"),
                pricePerToken: .zero,
                bond: bond(world.parameters.claims.minimumAdapterBond)
            )
        )
    }

    private mutating func revocation() -> Action {
        .revokeAdapter(adapter: pick(naive.adapters.keys.sorted()) ?? .zero)
    }

    private mutating func adapterClaim() -> Action {
        let id = pick(latest(naive.adapters.keys, 6)) ?? .zero
        let kind: JobKind = chance(1, 3) ? .training : .index
        let terms = naive.adapters[id]?.terms
        let work = kind == .training ? terms?.trace : terms?.index
        return .submitClaim(
            SubmitClaim(
                kind: kind,
                subject: id,
                covers: chance(1, 24) ? 1 : 0,
                artifact: work?.artifact ?? .zero,
                unitCount: (work?.units ?? 1) + (chance(1, 16) ? 1 : 0),
                outputRoot: work?.root ?? .zero,
                bond: bond(world.parameters.claims.minimumBond)
            )
        )
    }

    // MARK: Channels

    private mutating func channel() -> Action {
        let indexed = naive.adapters.filter { $0.value.isIndexed }.keys.sorted()
        return .openChannel(
            OpenChannel(
                provider: (pick(senders) ?? senders[0]).address,
                adapter: chance(1, 3) ? pick(indexed) : nil,
                deposit: chance(1, 16) ? .zero : Amount(tokens: UInt64(below(3_000)))
            )
        )
    }

    private mutating func closing() -> Action {
        .closeChannel(channel: pick(naive.channels.keys.sorted()) ?? .zero)
    }

    private mutating func challenge() -> Action {
        let open = naive.claims.filter { $0.value.phase == .accepted }.keys.sorted()
        let id = pick(chance(1, 8) ? naive.claims.keys.sorted() : open) ?? .zero
        return .challengeUnit(
            ChallengeUnit(
                claim: id,
                unit: UInt32(below(8)),
                bond: bond(world.parameters.claims.minimumChallengeBond)
            )
        )
    }
}
