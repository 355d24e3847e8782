import JSON
import Ledger
import LightClient
import Primitives
import RPC
import Testing

@Suite("Light client: serving") struct LightServiceTests {
    private func service(
        _ primary: LightChain,
        _ witnesses: LightChain...,
        now: UInt64 = LightChain.now
    ) throws -> LightService {
        LightService(
            primary: primary,
            witnesses: witnesses,
            root: TrustedHeader(try LightChain("root").blocks[0]),
            rules: LightChain.rules,
            now: { now }
        )
    }

    private func failure(_ service: LightService) async -> LightFailure? {
        do {
            _ = try await service.evidence(for: [1], at: nil)
            return nil
        } catch {
            return error as? LightFailure
        }
    }

    @Test("a value that is shown and confirmed is given, and an absent one as absent")
    func honest() async throws {
        let service = try service(try LightChain("a"), try LightChain("b"))
        let evidence = try await service.evidence(for: [1], at: nil)
        #expect(evidence.value == [2] && evidence.header.height.value == LightChain.length)
        #expect(try await service.evidence(for: [77], at: nil).value == nil)
        #expect(try await service.evidence(for: [3], at: Height(5)).header.height == Height(5))
        #expect(await service.status.headers == 2)
    }

    @Test(
        "a primary that lies about headers is named, with what is wrong",
        arguments: [LightChain.Lie.inventedHeaders, .missingSignatures, .forgedHeader, .staleSet]
    )
    func lyingPrimary(lie: LightChain.Lie) async throws {
        let service = try service(try LightChain("liar", lie), try LightChain("b"))
        guard case .primary("liar", _) = await failure(service) else {
            Issue.record("the lie was believed, or the wrong one blamed")
            return
        }
        #expect(await service.status.headers == 0)
    }

    @Test(
        "a value that its proof does not show is refused",
        arguments: [LightChain.Lie.wrongValue, .wrongProof]
    )
    func wrongProof(lie: LightChain.Lie) async throws {
        let service = try service(try LightChain("liar", lie), try LightChain("b"))
        #expect(await failure(service) == .proof("liar"))
    }

    @Test("a lying witness is noted and overruled by an honest one, not by itself alone")
    func lyingWitness() async throws {
        let both = try service(
            try LightChain("a"),
            try LightChain("liar", .inventedHeaders),
            try LightChain("b")
        )
        #expect(await failure(both) == nil)
        let faults = await both.status.faults
        #expect(faults.count == 1 && faults[0].hasPrefix("liar: "))
        let alone = try service(try LightChain("a"), try LightChain("liar", .inventedHeaders))
        #expect(await failure(alone) == .unconfirmed(Height(LightChain.length)))
    }

    @Test("two signed chains end all answers, and the evidence is shown")
    func fork() async throws {
        let service = try service(try LightChain("a"), try LightChain("b", salt: true))
        let height = Height(LightChain.length)
        #expect(await failure(service) == .conflict(height))
        #expect(await failure(service) == .conflict(height))
        let status = LightMethods.json(await service.status)
        let text = try #require(status["conflict"]?["evidence"]?.string)
        let conflict = try ConflictingHeaders(borsh: try #require(Base64.decode(text)))
        try conflict.checkItself(chain: LightChain.chain)
        #expect(conflict.duplicateVotes.count == 4)
        #expect(status["conflict"]?["signersOfBoth"]?.array?.count == 4)
    }

    @Test("nothing is answered from trust that is too old")
    func expired() async throws {
        let late = LightChain.start + LightClientRules.defaultTrustPeriod + 60_000
        let service = try service(try LightChain("a"), try LightChain("b"), now: late)
        guard case .primary("a", .trustExpired) = await failure(service) else {
            Issue.record("old trust was used")
            return
        }
    }

    @Test("a node's methods answer from what was verified, and what cannot be proved is refused")
    func methods() async throws {
        let service = try service(try LightChain("a"), try LightChain("b"))
        let node = LightNode(service: service, chain: LightChain.chain, genesis: .zero)
        let dispatcher = RPCDispatcher(
            methods: LightMethods.all(service),
            node: MethodContext(node: node, chain: LightChain.chain)
        )
        func call(_ method: String, _ parameters: JSON) async throws -> JSON {
            let request: JSON = [
                "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": parameters,
            ]
            let answer = try #require(await dispatcher.answer(request.compactBytes))
            return try JSON.parse(answer)
        }
        let prefix = AddressPrefix(chain: LightChain.chain)
        let address = try #require(Address([UInt8](repeating: 7, count: 20)))
        let balance = try await call(
            "account_balance",
            ["address": .string(address.text(prefix)), "prove": true]
        )
        #expect(balance["result"]?["balance"] == "5000000000000000000")
        #expect(balance["result"]?["proof"]?["height"] == .integer(LightChain.length))
        let account = try await call("account_get", [.string(address.text(prefix))])
        #expect(account["result"]?["balance"] == "5000000000000000000")
        let adapter = try await call(
            "adapter_get",
            [.string("0x" + .init(repeating: "0", count: 64))]
        )
        #expect(adapter["error"]?["data"]?["reason"] == "not_found")
        let status = try await call("light_status", [])
        #expect(status["result"]?["latest"]?["height"] == .integer(LightChain.length))
        for absent in ["chain_block", "tx_broadcast", "adapter_list", "events_get"] {
            let answer = try await call(absent, [])
            #expect(answer["error"]?["data"]?["reason"] == "method_not_found")
        }
        await #expect(throws: RPCError.self) { try await node.block(at: Height(1)) }
        await #expect(throws: RPCError.self) {
            try await node.events(from: Height(1), index: 0, limit: 1)
        }
        #expect(try await node.validatorSet(at: Height(4)) == LightChain.set())
    }
}
