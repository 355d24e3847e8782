import AsyncHTTPClient
import Commitments
import Cryptography
import ExactMath
import Foundation
import JSON
import LanguageModel
import Logging
import NIOCore
import Primitives
import Serving
import TestSupport
import Testing

/// A tiny model with one good and one refused adapter, behind a server on a free port.
struct ServedFixture {
    static let chainText = "test-serving"
    static let channel = digest(7)
    static let adapterID = digest(9)
    static let payerSeed = [UInt8](repeating: 5, count: 32)
    /// Units for each token.
    static let price = Amount(units: 10)

    let port: Int
    let bundle: ModelBundle
    let adapter: PEFTAdapter

    static func digest(_ byte: UInt8) -> Digest {
        Digest([UInt8](repeating: byte, count: 32)) ?? .zero
    }

    static func file(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        return [UInt8](
            try Data(contentsOf: tests.appending(path: "LanguageModelTests/Fixtures/\(name)"))
        )
    }

    static func bundle() throws -> ModelBundle {
        try ModelBundle(weights: file("tiny.gguf"), configuration: [], tokenizer: [])
    }

    static func adapter() throws -> PEFTAdapter {
        var generator = SeededGenerator(seed: 3)
        func matrix(_ rows: Int, _ columns: Int) -> Matrix {
            Matrix(
                rows: rows,
                columns: columns,
                values: (0..<rows * columns).map { _ in
                    Float.random(in: -1...1, using: &generator)
                }
            )
        }
        let site = LoRASite(layer: 0, linear: .query)
        let module = LoRAModule(site: site, a: matrix(4, 32), b: matrix(32, 4))
        return PEFTAdapter(
            try LoRAAdapter(rank: 4, alpha: 8, modules: [module]),
            baseModel: "tiny"
        )
    }

    static func voucher(_ cumulative: Int, channel: Digest = channel) throws -> String {
        let chain = try #require(ChainID(chainText))
        let key = try SigningKey(seed: payerSeed)
        let amount = Amount(units: UInt128(cumulative))
        let bytes = Voucher.signBytes(chain: chain, channel: channel, cumulative: amount)
        let voucher = Voucher(
            channel: channel,
            cumulative: amount,
            signature: key.sign(bytes)
        )
        return Data(voucher.borshBytes).base64EncodedString()
    }

    /// The chain as the server sees it: one adapter, and one open channel of 100,000 units.
    struct Chain: ServingChain {
        let root: Digest
        let payerKey: PublicKey

        func verify(
            _ identity: AdapterIdentity
        ) async throws -> VerifiedAdapter {
            guard identity.canonicalRoot == root, identity.name != "revoked" else {
                throw AdapterRefusal("the chain does not know it")
            }
            return VerifiedAdapter(
                id: adapterID,
                height: Height(42),
                pricePerToken: price,
                standing: "reproduced"
            )
        }

        func channel(_ id: Digest) async throws -> ChannelTerms? {
            guard id == ServedFixture.channel else { return nil }
            return ChannelTerms(
                payerKey: payerKey,
                adapter: adapterID,
                deposit: Amount(units: 100_000),
                spent: .zero,
                sequence: 0
            )
        }
    }

    /// Runs `body` against a server that stops afterwards.
    static func serve(
        store: URL? = nil,
        receiptToken: String? = nil,
        _ body: (ServedFixture) async throws -> Void
    ) async throws {
        let bundle = try bundle()
        let adapter = try adapter()
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let setup = CompletionService.Setup(
            baseName: "tiny",
            base: bundle,
            payment: .channels(try #require(ChainID(chainText))),
            chain: Chain(
                root: CanonicalRoot.adapter(adapter.adapter, base: bundle.weightsRoot),
                payerKey: try SigningKey(seed: payerSeed).publicKey
            )
        )
        let service = CompletionService(
            setup,
            store: try ReceiptStore(at: store ?? folder.appending(path: "receipts"))
        )
        for name in ["good", "revoked"] {
            _ = await service.add(
                AdapterOffer(
                    name: name,
                    configuration: adapter.configuration.json,
                    weights: adapter.weights
                )
            )
        }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let server = ServingServer(
            configuration: ServingConfiguration(port: 0, receiptToken: receiptToken),
            service: service,
            logger: logger
        ) { continuation.yield($0) }
        let running = Task { try await server.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do {
            try await body(ServedFixture(port: port, bundle: bundle, adapter: adapter))
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        _ = await running.result
    }

    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: String

        var json: JSON { (try? JSON.parse(body)) ?? .null }
        var code: String? { json["error"]?["code"]?.string }
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, headers: headers, body: nil)
    }

    /// - Parameter path: `/v1/completions`, or where a chat is asked.
    func complete(
        _ body: JSON,
        voucher: String? = nil,
        path: String = "/v1/completions"
    ) async throws -> Answer {
        var headers = ["content-type": "application/json"]
        headers["x-openledger-voucher"] = voucher
        return try await send(
            "POST",
            path,
            headers: headers,
            body: body.compactText
        )
    }

    func send(
        _ method: String,
        _ path: String,
        headers: [String: String],
        body: String?
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .init(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        var found: [String: String] = [:]
        for header in response.headers { found[header.name.lowercased()] = header.value }
        return Answer(
            status: Int(response.status.code),
            headers: found,
            body: String(decoding: bytes.readableBytesView, as: UTF8.self)
        )
    }
}
