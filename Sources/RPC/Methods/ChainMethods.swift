package import JSON
import Ledger
import Primitives

extension RPCMethod where Node == MethodContext {
    static var chain: [Self] {
        [
            Self(
                "chain_status",
                "Where this node stands.",
                result: "chain id, genesis hash, last block, peers, and what the node is doing"
            ) { _, context in
                context.status(await context.node.status())
            },
            Self(
                "chain_block",
                "A committed block.",
                [
                    .optional("height", .height, "the last block unless told"),
                    .optional("hash", .digest, "the block with this hash instead"),
                    .optional("full", .boolean, "whole transactions instead of their ids"),
                ],
                result: "header, transactions, receipts, evidence and the block's certificate"
            ) { arguments, context in
                let record = try await context.block(arguments)
                return context.block(record, full: try arguments.flag("full"))
            },
            Self(
                "chain_header",
                "A committed block's header with what proves it final, as bytes for a light client.",
                [
                    .optional("height", .height, "the last block unless told"),
                    .optional("hash", .digest, "the block with this hash instead"),
                ],
                result: """
                    `header` as an object; in base64 `headerBytes`, `certificateBytes` and \
                    `validatorsBytes`, the set that decided the block
                    """
            ) { arguments, context in
                let record = try await context.block(arguments)
                let height = record.block.header.height
                guard let set = try await context.node.validatorSet(at: height) else {
                    throw RPCError.pruned("the validators of block \(height.value) were not kept")
                }
                return [
                    "hash": .string("\(record.block.hash)"),
                    "header": context.renderer.render(record.block.header),
                    "headerBytes": .string(Base64.encode(record.block.header.borshBytes)),
                    "certificateBytes": .string(Base64.encode(record.certificate.borshBytes)),
                    "validatorsBytes": .string(Base64.encode(set.borshBytes)),
                ]
            },
            Self(
                "params_get",
                "The parameters of the chain, as its genesis set them.",
                result: "every parameter, in the groups of the genesis document"
            ) { _, context in
                guard let record = try await context.entry(ChainRecord.self, at: StateKey.chain)
                else { throw RPCError.unavailable("the state holds no genesis yet") }
                return context.renderer.render(record.parameters)
            },
            Self(
                "version_get",
                "Which version of the protocol the chain speaks, and what it will speak.",
                result:
                    "`current`, `next` (a `version` and its first `height`, or null), and `latest`, which this node knows"
            ) { _, context in
                guard
                    let record = try await context.entry(
                        ProtocolRecord.self,
                        at: StateKey.protocolVersion
                    )
                else { throw RPCError.unavailable("the state holds no genesis yet") }
                return [
                    "current": .integer(record.current),
                    "next": context.renderer.render(record.next as Any),
                    "latest": .integer(BlockHeader.latestVersion),
                ]
            },
        ]
    }
}

extension MethodContext {
    package func status(_ status: NodeStatus) -> JSON {
        var members = renderer.render(status).object?.members ?? []
        members.append(.init(key: "version", value: .string(RPCVersion.current)))
        return .object(JSONObject(members))
    }

    func block(_ arguments: RPCArguments) async throws -> BlockRecord {
        var wanted = try arguments.height("height")
        if let hash = try arguments.optionalDigest("hash") {
            guard wanted == nil else {
                throw RPCError.invalidParameters("\"height\" and \"hash\" exclude each other")
            }
            guard let height = try await node.height(ofBlock: hash) else {
                throw RPCError.notFound("a block with the hash \(hash)")
            }
            wanted = height
        }
        let status = await node.status()
        let height = wanted ?? status.height
        guard height > .genesis else {
            throw RPCError.notFound("block 0 (the genesis document is no block)")
        }
        guard height <= status.height else { throw RPCError.notFound("block \(height.value)") }
        guard let record = try await node.block(at: height) else {
            throw RPCError.pruned("block \(height.value) is older than this node keeps")
        }
        return record
    }

    func block(_ record: BlockRecord, full: Bool) -> JSON {
        let block = record.block
        return [
            "hash": .string("\(block.hash)"),
            "header": renderer.render(block.header),
            "transactions": .array(
                block.transactions.map { full ? transaction($0) : .string("\($0.id)") }
            ),
            "receipts": renderer.render(record.receipts),
            "evidence": renderer.render(block.evidence),
            "certificate": renderer.render(record.certificate),
        ]
    }

    func transaction(_ transaction: SignedTransaction) -> JSON {
        let body = transaction.body
        return [
            "id": .string("\(transaction.id)"), "chain": renderer.render(body.chain),
            "sender": renderer.render(body.sender), "nonce": .integer(body.nonce),
            "fee": renderer.render(body.fee), "action": renderer.render(body.action),
            "key": renderer.render(transaction.key),
            "signature": renderer.render(transaction.signature),
            "byteCount": .integer(transaction.byteCount),
        ]
    }
}

/// The version of the interface; its first number changes when a program that worked may break.
package enum RPCVersion {
    package static let current = "0.1.0"
}
