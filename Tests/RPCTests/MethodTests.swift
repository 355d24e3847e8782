import Cryptography
import Foundation
import JSON
import Ledger
import Primitives
import RPC
import Testing
import Voting

@Suite("RPC methods") struct MethodTests {
    let node = MemoryNode()

    /// The result of a call, or the error object.
    func call(_ method: String, _ parameters: JSON = .array([])) async throws -> JSON {
        let dispatcher = RPCDispatcher(
            methods: RPCMethod.all,
            node: MethodContext(node: node, chain: MemoryNode.chain)
        )
        let request: JSON = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": parameters,
        ]
        let answer = try #require(await dispatcher.answer(request.compactBytes))
        let parsed = try JSON.parse(answer)
        return try #require(parsed["result"] ?? parsed["error"])
    }

    func reason(_ method: String, _ parameters: JSON = .array([])) async throws -> String? {
        try await call(method, parameters)["data"]?["reason"]?.string
    }

    static func transfer() throws -> SignedTransaction {
        let key = try SigningKey(seed: [UInt8](repeating: 7, count: 32))
        let body = Transaction(
            chain: MemoryNode.chain,
            sender: Address(firstKey: key.publicKey),
            nonce: 0,
            fee: Amount(units: 5),
            action: .transfer(Transfer(to: .zero, amount: Amount(tokens: 1)))
        )
        return body.signed(with: key)
    }

    @Test("the status names the chain and the last block")
    func status() async throws {
        node.contents.withLock { $0.blocks = [.sample(height: 1), .sample(height: 2)] }
        let status = try await call("chain_status")
        #expect(status["chain"] == "openledger-test")
        #expect(status["height"] == 2)
        #expect(status["block"]?.string == "\(BlockRecord.sample(height: 2).block.hash)")
        #expect(status["validator"]?.isNull == true)
    }

    @Test("a block is found by height, by hash, and as the last one")
    func block() async throws {
        node.contents.withLock { $0.blocks = [.sample(height: 1), .sample(height: 2)] }
        let hash = JSON.string("\(BlockRecord.sample(height: 1).block.hash)")
        #expect(try await call("chain_block", [1])["hash"] == hash)
        #expect(try await call("chain_block", ["hash": hash])["header"]?["height"] == 1)
        #expect(try await call("chain_block")["header"]?["height"] == 2)
        #expect(try await call("chain_block", ["latest"])["header"]?["height"] == 2)
        #expect(try await reason("chain_block", [3]) == "not_found")
        #expect(try await reason("chain_block", [0]) == "not_found")
        #expect(try await reason("chain_block", ["height": 1, "hash": hash]) == "invalid_params")
        #expect(try await reason("chain_block", ["height": "1"]) == "invalid_params")
    }

    @Test("a header's bytes decode to the header")
    func header() async throws {
        node.contents.withLock { $0.blocks = [.sample(height: 1)] }
        #expect(try await reason("chain_header") == "pruned")
        let set = try LightChain.set()
        node.contents.withLock { $0.validators = set }
        let answer = try await call("chain_header")
        func bytes(_ field: String) throws -> [UInt8] {
            try #require(answer[field]?.string.flatMap { Base64.decode($0) })
        }
        let header = try BlockHeader(borsh: try bytes("headerBytes"))
        #expect(header == BlockRecord.sample(height: 1).block.header)
        #expect(try ValidatorSet(borsh: try bytes("validatorsBytes")) == set)
    }

    @Test("an unknown address is an account with nothing")
    func account() async throws {
        let address = Address.zero.text(.test)
        let empty = try await call("account_get", [.string(address)])
        #expect(
            empty == ["address": .string(address), "balance": "0", "nonce": 0, "nextNonce": 3]
        )
        node.put(StateKey.account(.zero), Account(nonce: 2, balance: Amount(tokens: 3)))
        let paid = try await call("account_get", [.string(address)])
        #expect(paid["balance"] == "3000000000000000000")
        #expect(paid["nonce"] == 2)
        let main = JSON.string(Address.zero.text(.main))
        #expect(try await reason("account_get", [main]) == "invalid_params")
        #expect(try await reason("account_get") == "invalid_params")
    }

    @Test("a balance comes with its proof on request")
    func balance() async throws {
        let address = JSON.string(Address.zero.text(.test))
        #expect(try await call("account_balance", [address])["proof"] == nil)
        #expect(try await reason("account_balance", [address, true]) == "not_found")
        node.contents.withLock { $0.blocks = [.sample(height: 4)] }
        node.put(StateKey.account(.zero), Account(nonce: 0, balance: Amount(units: 9)))
        let answer = try await call("account_balance", [address, true])
        #expect(answer["balance"] == "9")
        #expect(answer["proof"]?["height"] == 4)
        #expect(answer["proof"]?["proof"] == "AQID")
        #expect(
            try await reason("account_balance", ["address": address, "height": 4])
                == "invalid_params"
        )
    }

    @Test("a transaction is sent, waited for, and found again")
    func broadcast() async throws {
        let transaction = try Self.transfer()
        let bytes = JSON.string(Base64.encode(transaction.borshBytes))
        let id = JSON.string("\(transaction.id)")
        #expect(try await reason("tx_get", [id]) == "not_found")
        let answer = try await call("tx_broadcast", [bytes, "wait"])
        #expect(answer["id"] == id)
        #expect(answer["height"] == 7)
        #expect(answer["receipt"]?["result"] == "ok")
        #expect(answer["transaction"]?["action"]?["type"] == "transfer")
        #expect(answer["transaction"]?["action"]?["amount"] == "1000000000000000000")
        #expect(try await call("tx_get", [id]) == answer)
    }

    @Test("whoever waits for a transaction is answered by the block that takes it")
    func waits() async throws {
        let transaction = try Self.transfer()
        let bytes = JSON.string(Base64.encode(transaction.borshBytes))
        node.contents.withLock { $0.verdict = .accepted }
        async let answer = call("tx_broadcast", [bytes, "wait"])
        while node.watchers.withLock({ $0.isEmpty }) { await Task.yield() }
        for watcher in node.watchers.withLock({ $0 }) { watcher.yield(Height(8)) }
        node.commit(transaction, at: Height(9))
        #expect(try await answer["height"] == 9)
    }

    @Test("what the pool refuses is an error with the ledger's reason")
    func refused() async throws {
        let bytes = JSON.string(Base64.encode(try Self.transfer().borshBytes))
        node.contents.withLock { $0.verdict = .refused(.insufficientBalance) }
        let error = try await call("tx_broadcast", [bytes])
        #expect(error["code"] == -32002)
        #expect(error["message"] == "the chain refuses the transaction: insufficient balance")
        #expect(error["data"]?["reason"] == "insufficientBalance")
        node.contents.withLock { $0.verdict = .unavailable("the pool is full") }
        #expect(try await reason("tx_broadcast", [bytes]) == "unavailable")
        node.contents.withLock { $0.verdict = .accepted }
        #expect(try await reason("tx_broadcast", [bytes, "wait", 1]) == "timeout")
        #expect(try await reason("tx_broadcast", ["AQID"]) == "malformedTransaction")
        #expect(try await reason("tx_broadcast", ["AQI"]) == "invalid_params")
        #expect(try await reason("tx_broadcast", [bytes, "later"]) == "invalid_params")
    }

    @Test("lists go on from page to page until the end")
    func pages() async throws {
        for number in UInt8(0)..<5 {
            let id = try #require(Digest([UInt8](repeating: number, count: 32)))
            node.put(
                StateKey.channel(id),
                Channel(
                    payer: .zero,
                    payerKey: .zero,
                    provider: .zero,
                    adapter: nil,
                    deposit: Amount(units: UInt128(number))
                )
            )
        }
        var deposits: [JSON] = []
        var cursor: JSON = .null
        repeat {
            let page = try await call("channel_list", ["limit": 2, "cursor": cursor])
            deposits += page["items"]?.array?.compactMap { $0["deposit"] } ?? []
            cursor = page["next"] ?? .null
        } while !cursor.isNull
        #expect(deposits == ["0", "1", "2", "3", "4"])
        #expect(try await reason("channel_list", ["limit": 0]) == "invalid_params")
        #expect(try await reason("channel_list", ["limit": 101]) == "invalid_params")
    }

    @Test("events are filtered by kind and say where to go on")
    func events() async throws {
        let transfer = Event(
            kind: .transfer,
            transaction: nil,
            attributes: [
                .init(name: .amount, value: .amount(Amount(units: 3)))
            ]
        )
        let settled = Event(kind: .settled, transaction: .zero, attributes: [])
        node.contents.withLock {
            $0.blocks = [
                .sample(height: 1, events: [transfer, settled]),
                .sample(height: 2, events: [transfer]),
            ]
        }
        let first = try await call("events_get", ["height": 1, "limit": 2])
        #expect(first["items"]?.array?.map { $0["kind"] } == ["transfer", "settled"])
        #expect(first["items"]?.array?.first?["attributes"] == ["amount": "3"])
        #expect(first["next"] == ["height": 1, "index": 2])
        let second = try await call("events_get", ["height": 1, "index": 2])
        #expect(second["items"]?.array?.count == 1)
        #expect(second["next"] == ["height": 3, "index": 0])
        let filtered = try await call("events_get", ["height": 1, "kind": "settled"])
        #expect(filtered["items"]?.array?.count == 1)
        #expect(try await reason("events_get", ["height": 1, "kind": "other"]) == "invalid_params")
    }

    @Test("the description lists every method with its parameters")
    func discovery() async throws {
        let document = try await call("rpc_discover")
        let names = document["methods"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(names).count == names.count)
        #expect(names.contains("tx_broadcast") && names.contains("settlement_get"))
        let broadcast = document["methods"]?.array?.first { $0["name"] == "tx_broadcast" }
        #expect(
            broadcast?["params"]?.array?.map { $0["name"] } == [
                "transaction", "mode", "timeoutMilliseconds",
            ]
        )
    }

    @Test("the reference in docs/rpc.md is the one that the table makes")
    func reference() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/rpc.md"), encoding: .utf8)
        #expect(text == RPCReference.markdown, "openledger config rpc-reference > docs/rpc.md")
    }

    @Test("a value of the state is given as bytes, or null")
    func stateValue() async throws {
        let key = JSON.string("0x" + Hex.encode(StateKey.account(.zero)))
        #expect(try await call("state_get", [key]) == ["value": .null])
        node.put(StateKey.account(.zero), Account(nonce: 1, balance: .zero))
        let expected = Account(nonce: 1, balance: .zero).borshBytes
        #expect(
            try await call("state_get", [key]) == ["value": .string("0x" + Hex.encode(expected))]
        )
    }
}
