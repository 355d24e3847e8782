// Methods that give out the chain's objects: all have an id, and a list in the order of ids.

import JSON
import Ledger
import Primitives
import Voting

extension RPCMethod where Node == MethodContext {
    /// A method that gives one object by its id.
    private static func get<Entry: BorshCodable & Sendable>(
        _ name: String,
        _ noun: String,
        _ type: Entry.Type,
        key: @escaping @Sendable (Digest) -> [UInt8],
        result: String,
        more:
            @escaping @Sendable (Digest, Entry, MethodContext) async throws ->
            [JSONObject.Member] = { _, _, _ in [] }
    ) -> Self {
        Self(
            name,
            "\(noun) by its id.",
            [.required("id", .digest, "its id")],
            result: result
        ) { arguments, context in
            let id = try arguments.digest("id")
            guard let entry = try await context.entry(type, at: key(id)) else {
                throw RPCError.notFound("\(noun.lowercased()) with the id \(id)")
            }
            return context.object(id: id, entry, try await more(id, entry, context))
        }
    }

    /// A method that lists objects.
    private static func list<Entry: BorshCodable & Sendable>(
        _ name: String,
        _ noun: String,
        _ type: Entry.Type,
        prefix: String,
        more: @escaping @Sendable (Entry) -> [JSONObject.Member] = { _ in [] }
    ) -> Self {
        Self(
            name,
            "All \(noun), in the order of their ids.",
            PagedList.parameters,
            result: "`items`, and `next` for the next page or null"
        ) { arguments, context in
            try await PagedList.objects(arguments, context, prefix: prefix, type) { id, entry in
                context.object(id: id, entry, more(entry))
            }
        }
    }

    static var data: [Self] {
        [
            get(
                "datanet_get",
                "A Datanet",
                Datanet.self,
                key: StateKey.datanet,
                result: "its rules and counts"
            ),
            list("datanet_list", "Datanets", Datanet.self, prefix: "d/"),
            Self(
                "datanet_contributions",
                "The contributions of a Datanet, in their order.",
                [.required("datanet", .digest, "the Datanet's id")] + PagedList.parameters,
                result: "`items`, and `next` for the next page or null"
            ) { arguments, context in
                let datanet = try arguments.digest("datanet")
                return try await PagedList.page(
                    arguments,
                    context,
                    prefix: Array("dc/".utf8) + datanet.bytes
                ) { _, value in
                    let place = try context.decode(ContributionPlace.self, value)
                    let id = place.contribution
                    guard
                        let contribution = try await context.entry(
                            Contribution.self,
                            at: StateKey.contribution(id)
                        )
                    else { throw RPCError.internalError("a contribution is missing") }
                    return context.object(id: id, contribution)
                }
            },
            get(
                "contribution_get",
                "A contribution",
                Contribution.self,
                key: StateKey.contribution,
                result: "who contributed what, and how far it has come"
            ),
            get(
                "snapshot_get",
                "A snapshot",
                Snapshot.self,
                key: StateKey.snapshot,
                result: "the table's root and artifact, and the claim that it rests on"
            ),
            list("snapshot_list", "snapshots", Snapshot.self, prefix: "s/"),
        ]
    }

    static var models: [Self] {
        [
            get(
                "model_get",
                "A model",
                Model.self,
                key: StateKey.model,
                result: "its owner and `terms`"
            ),
            list("model_list", "models", Model.self, prefix: "m/"),
            get(
                "adapter_get",
                "An adapter",
                Adapter.self,
                key: StateKey.adapter,
                result: "its owner, `terms` and `standing`"
            ) { _, adapter, _ in standing(adapter) },
            list("adapter_list", "adapters", Adapter.self, prefix: "p/", more: standing),
        ]
    }

    @Sendable private static func standing(_ adapter: Adapter) -> [JSONObject.Member] {
        [.init(key: "standing", value: .string(adapter.standing.rawValue))]
    }

    static var claims: [Self] {
        [
            get(
                "claim_get",
                "A claim",
                Claim.self,
                key: StateKey.claim,
                result: "its `terms`, `phase`, `panel` and, where it was rejected, the `finding`"
            ) { id, _, context in
                let panel = try await context.entry(Panel.self, at: StateKey.panel(id))
                return [.init(key: "panel", value: context.renderer.render(panel?.members as Any))]
            },
            list("claim_list", "claims", Claim.self, prefix: "k/"),
        ]
    }

    static var payments: [Self] {
        [
            get(
                "channel_get",
                "A channel",
                Channel.self,
                key: StateKey.channel,
                result: "its parties, deposit, and what was spent"
            ),
            list("channel_list", "channels", Channel.self, prefix: "ch/"),
            get(
                "settlement_get",
                "A settlement",
                Settlement.self,
                key: StateKey.settlement,
                result: "its claims and every payout"
            ),
            list("settlement_list", "settlements", Settlement.self, prefix: "st/"),
        ]
    }

    static var staking: [Self] {
        [
            Self(
                "validator_list",
                "All validators that may be chosen: not convicted, and with enough stake.",
                result: "`items`: each one's stake, status and power, and whether it is in the set"
            ) { _, context in
                let status = await context.node.status()
                let set = try await context.node.validatorSet(at: status.height.next)
                let candidates = try await context.entry(
                    CandidateList.self,
                    at: StateKey.candidates
                )
                var items: [JSON] = []
                for owner in candidates?.owners ?? [] {
                    guard
                        let record = try await context.entry(
                            ValidatorRecord.self,
                            at: StateKey.validator(owner)
                        )
                    else { continue }
                    items.append(context.validator(record, in: set))
                }
                return [
                    "items": .array(items), "setHash": context.renderer.render(set?.hash as Any),
                ]
            },
            Self(
                "validator_get",
                "A validator, whether it may be chosen or not.",
                [.required("owner", .address, "the account that registered it")],
                result:
                    "its keys, commission, stake, status, missed votes, and whether it is in the set"
            ) { arguments, context in
                let owner = try context.address("owner", in: arguments)
                guard
                    let record = try await context.entry(
                        ValidatorRecord.self,
                        at: StateKey.validator(owner)
                    )
                else { throw RPCError.notFound("a validator of \(context.renderer.render(owner))") }
                let status = await context.node.status()
                let set = try await context.node.validatorSet(at: status.height.next)
                return context.validator(record, in: set)
            },
        ]
    }
}

extension MethodContext {
    fileprivate func validator(_ record: ValidatorRecord, in set: ValidatorSet?) -> JSON {
        let members = renderer.render(record).object?.members ?? []
        return .object(
            JSONObject(
                members + [
                    .init(key: "power", value: .integer(record.power)),
                    .init(key: "isInSet", value: .bool(set?.index(of: record.key) != nil)),
                ]
            )
        )
    }
}
