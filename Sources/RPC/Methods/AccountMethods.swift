import JSON
import Ledger
import Primitives

extension RPCMethod where Node == MethodContext {
    static var accounts: [Self] {
        [
            Self(
                "account_get",
                "An account. An address that was never paid is an account with nothing.",
                [.required("address", .address, "the account")],
                result:
                    "`balance`, `nonce` (transactions in blocks) and `nextNonce` (with those that wait)"
            ) { arguments, context in
                let address = try context.address("address", in: arguments)
                let account =
                    try await context.entry(Account.self, at: StateKey.account(address))
                    ?? Account()
                return [
                    "address": context.renderer.render(address),
                    "balance": context.renderer.render(account.balance),
                    "nonce": .integer(account.nonce),
                    "nextNonce": .integer(try await context.node.nextNonce(of: address)),
                ]
            },
            Self(
                "account_balance",
                "An account's free balance, on request with a proof of it.",
                [
                    .required("address", .address, "the account"),
                    .optional("prove", .boolean, "add a proof against a finalised header"),
                    .optional("height", .height, "of the proof; the last block unless told"),
                ],
                result: "`balance`, and with `prove` a `proof` as from `state_prove`"
            ) { arguments, context in
                let address = try context.address("address", in: arguments)
                let key = StateKey.account(address)
                guard try arguments.flag("prove") else {
                    guard try arguments.height("height") == nil else {
                        throw RPCError.invalidParameters("\"height\" needs \"prove\"")
                    }
                    let account = try await context.entry(Account.self, at: key) ?? Account()
                    return [
                        "address": context.renderer.render(address),
                        "balance": context.renderer.render(account.balance),
                    ]
                }
                let evidence = try await context.evidence(
                    key,
                    at: try arguments.height("height")
                )
                let account = try evidence.value.map { bytes throws(RPCError) in
                    try context.decode(Account.self, bytes)
                }
                return [
                    "address": context.renderer.render(address),
                    "balance": context.renderer.render(account?.balance ?? .zero),
                    "proof": context.proof(key, evidence),
                ]
            },
        ]
    }

    static var state: [Self] {
        [
            Self(
                "supply_get",
                "Where all OPEN is. The parts sum to the supply after every block.",
                result: "an amount for each category, and `total`"
            ) { _, context in
                guard let totals = try await context.entry(SupplyTotals.self, at: StateKey.supply)
                else { throw RPCError.unavailable("the state holds no genesis yet") }
                var members = SupplyCategory.allCases.map { category in
                    JSONObject.Member(
                        key: "\(category)",
                        value: context.renderer.render(totals[category])
                    )
                }
                let total = try? totals.sum()
                members.append(.init(key: "total", value: context.renderer.render(total as Any)))
                return .object(JSONObject(members))
            },
            Self(
                "state_get",
                "A value of the state as bytes, without a proof.",
                [.required("key", .hexadecimal, "the key (see docs/protocol.md)")],
                result: "`value`: `0x` and digits, or null if the key is absent"
            ) { arguments, context in
                let key = try arguments.bytes(hexadecimal: "key")
                let value = try await context.node.stateValue(key)
                return ["value": value.map { .string("0x" + Hex.encode($0)) } ?? .null]
            },
            Self(
                "state_prove",
                "A value of the state with a proof that a light client can check offline.",
                [
                    .required("key", .hexadecimal, "the key (see docs/protocol.md)"),
                    .optional("height", .height, "the last block unless told"),
                ],
                result:
                    "`value` (null if absent), and in base64 `proof`, `header` and `certificate`"
            ) { arguments, context in
                let key = try arguments.bytes(hexadecimal: "key")
                let evidence = try await context.evidence(
                    key,
                    at: try arguments.height("height")
                )
                return context.proof(key, evidence)
            },
            Self(
                "events_get",
                "What committed blocks did, oldest first.",
                [
                    .required("height", .height, "the first block to look at"),
                    .optional(
                        "index",
                        .integer(0...UInt64(UInt32.max)),
                        "the first event to look at in that block"
                    ),
                    .optional("limit", .integer(1...1_000), "events a page, 100 unless told"),
                    .optional("kind", .text, "only events of this kind"),
                ],
                result: "`items`, and `next` to go on from"
            ) { arguments, context in try await context.events(arguments) },
        ]
    }
}

extension MethodContext {
    func evidence(_ key: [UInt8], at height: Height?) async throws -> StateEvidence {
        guard let evidence = try await node.stateEvidence(key, at: height) else {
            throw RPCError.notFound("a committed block to prove against")
        }
        return evidence
    }

    func proof(_ key: [UInt8], _ evidence: StateEvidence) -> JSON {
        [
            "key": .string("0x" + Hex.encode(key)),
            "value": evidence.value.map { .string("0x" + Hex.encode($0)) } ?? .null,
            "height": .integer(evidence.header.height.value),
            "stateRoot": .string("\(evidence.header.stateRoot)"),
            "proof": .string(Base64.encode(evidence.proof)),
            "header": .string(Base64.encode(evidence.header.borshBytes)),
            "certificate": .string(Base64.encode(evidence.certificate.borshBytes)),
        ]
    }

    func events(_ arguments: RPCArguments) async throws -> JSON {
        let limit = Int(try arguments.integer("limit", default: 100, in: 1...1_000))
        let index = try arguments.integer("index", default: 0, in: 0...UInt64(UInt32.max))
        let status = await node.status()
        let height = try arguments.height("height") ?? status.height
        let kind = try arguments.text("kind")
        if let kind, Event.Kind(rawValue: kind) == nil {
            throw RPCError.invalidParameters("there is no kind of event \"\(kind)\"")
        }
        let records = try await node.events(from: height, index: UInt32(index), limit: limit)
        let items = records.filter { kind == nil || $0.event.kind.rawValue == kind }.map(event)
        let (nextHeight, nextIndex): (UInt64, UInt32) =
            if records.count == limit, let last = records.last {
                (last.height.value, last.index + 1)
            } else {
                (max(status.height.value + 1, height.value), 0)
            }
        return [
            "items": .array(items),
            "next": ["height": .integer(nextHeight), "index": .integer(nextIndex)],
        ]
    }

    private func event(_ record: EventRecord) -> JSON {
        var attributes: [JSONObject.Member] = []
        for attribute in record.event.attributes {
            let value: JSON =
                switch attribute.value {
                case .digest(let value): .string("\(value)")
                case .address(let value): renderer.render(value)
                case .amount(let value): renderer.render(value)
                case .number(let value): .integer(value)
                case .text(let value): .string(value)
                }
            attributes.append(.init(key: attribute.name.rawValue, value: value))
        }
        return [
            "height": .integer(record.height.value), "index": .integer(record.index),
            "kind": .string(record.event.kind.rawValue),
            "transaction": renderer.render(record.event.transaction as Any),
            "attributes": JSONObject(unique: attributes).map(JSON.object) ?? .null,
        ]
    }
}
