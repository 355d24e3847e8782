import JSON
import Ledger
import Primitives

/// How long `tx_broadcast` waits for a block.
package enum BroadcastWait {
    package static let range: ClosedRange<UInt64> = 1...60_000
    package static let defaultMilliseconds: UInt64 = 20_000
}

extension RPCMethod where Node == MethodContext {
    static var transactions: [Self] {
        [
            Self(
                "tx_broadcast",
                "Sends a signed transaction.",
                [
                    .required("transaction", .base64, "the Borsh bytes of the signed transaction"),
                    .optional(
                        "mode",
                        .choice(["async", "sync", "wait"]),
                        "answer at once, after the checks of the pool (the default), or once it is in a block"
                    ),
                    .optional(
                        "timeoutMilliseconds",
                        .integer(BroadcastWait.range),
                        "how long `wait` waits, 20000 unless told"
                    ),
                ],
                result: "the id; with `wait` also height, index and receipt, as `tx_get`"
            ) { arguments, context in
                try await context.broadcast(arguments)
            },
            Self(
                "tx_get",
                "A transaction by its id.",
                [.required("id", .digest, "the transaction's id")],
                result: "`state` (`waiting` or `committed`), the transaction, height and receipt"
            ) { arguments, context in
                let id = try arguments.digest("id")
                guard let standing = try await context.node.transaction(id) else {
                    throw RPCError.notFound("a transaction with the id \(id)")
                }
                return context.standing(standing)
            },
        ]
    }
}

extension MethodContext {
    fileprivate func broadcast(_ arguments: RPCArguments) async throws -> JSON {
        let mode = try arguments.choice("mode", of: ["async", "sync", "wait"], default: "sync")
        let timeout = try arguments.integer(
            "timeoutMilliseconds",
            default: BroadcastWait.defaultMilliseconds,
            in: BroadcastWait.range
        )
        let bytes = try arguments.bytes(base64: "transaction")
        let transaction: SignedTransaction
        do { transaction = try SignedTransaction(borsh: bytes) } catch {
            throw RPCError.refused(
                reason: "malformedTransaction",
                message: "the transaction does not decode: \(error)"
            )
        }
        let node = node
        if mode == "async" {
            Task { _ = await node.submit(transaction) }
            return ["id": .string("\(transaction.id)")]
        }
        switch await node.submit(transaction) {
        case .accepted, .known: break
        case .refused(let refusal):
            throw RPCError.refused(reason: refusal.reason, message: refusal.sentence)
        case .unavailable(let reason): throw RPCError.unavailable(reason)
        }
        guard mode == "wait" else { return ["id": .string("\(transaction.id)")] }
        return try await wait(for: transaction.id, milliseconds: timeout)
    }

    private func wait(for id: Digest, milliseconds: UInt64) async throws -> JSON {
        try await withThrowingTaskGroup(of: JSON?.self) { tasks in
            tasks.addTask { try await committed(id) }
            tasks.addTask {
                try? await Task.sleep(for: .milliseconds(milliseconds))
                return nil
            }
            defer { tasks.cancelAll() }
            guard let first = try await tasks.next(), let answer = first else {
                throw RPCError.timeout(
                    "the transaction \(id) is in no block after \(milliseconds) ms"
                )
            }
            return answer
        }
    }

    /// Looks at every new block. Nil when cancelled, or when there will be no more blocks.
    private func committed(_ id: Digest) async throws -> JSON? {
        // Asked for before the first look, so that no block falls between the two.
        let heights = node.heights()
        if let found = try await committedNow(id) { return found }
        for await _ in heights {
            if let found = try await committedNow(id) { return found }
        }
        return nil
    }

    private func committedNow(_ id: Digest) async throws -> JSON? {
        guard let standing = try await node.transaction(id), case .committed = standing else {
            return nil
        }
        return self.standing(standing)
    }

    fileprivate func standing(_ standing: TransactionStanding) -> JSON {
        switch standing {
        case .waiting(let transaction):
            return [
                "id": .string("\(transaction.id)"), "state": "waiting", "height": .null,
                "index": .null, "receipt": .null, "transaction": self.transaction(transaction),
            ]
        case .committed(let transaction, let height, let index, let receipt):
            return [
                "id": .string("\(transaction.id)"), "state": "committed",
                "height": .integer(height.value), "index": .integer(index),
                "receipt": renderer.render(receipt), "transaction": self.transaction(transaction),
            ]
        }
    }
}
