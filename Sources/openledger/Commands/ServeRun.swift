import ArgumentParser
import Cryptography
import ExactMath
import Foundation
import JSON
import Jobs
import LanguageModel
import Ledger
import Logging
import Primitives
import ServiceLifecycle
import Serving
import UnixSignals
import Verification
import Workbench

/// Serves adapters over an OpenAI-compatible endpoint.
struct ServeRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve adapters at /v1/completions, each checked against the chain first."
    )

    @Option(help: "An adapter's id; give it again for more.") var adapter: [DigestArgument]
    @Option(help: "The base model here: a GGUF file or a Hugging Face folder.")
    var modelPath: String
    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on.") var port = 8600
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1
    @Option(help: "Requests that are answered together; each holds its own keys and values.")
    var streams = 16
    @Option(help: "Requests in progress and waiting together; more are told to come back.")
    var queue = 64
    @Flag(help: "Answer without vouchers; such answers cannot be settled.") var free = false
    @OptionGroup var signing: SigningOptions
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard (1...256).contains(streams) else {
            throw ValidationError("--streams takes 1 to 256.")
        }
        guard (streams...4096).contains(queue) else {
            throw ValidationError("--queue takes --streams to 4096.")
        }
    }

    func run() async throws {
        ExactRuntime.setThreads(threads)
        let chain = RemoteChain(client: node.client)
        let info = try await ChainInfo(node.client)
        let provider = Address(firstKey: try signing.open().publicKey)
        let (files, base) = try ModelFiles.read(modelPath)
        try InputFile.makeDirectory(signing.home.path, isPrivate: true)
        let setup = CompletionService.Setup(
            baseName: URL(filePath: modelPath).deletingPathExtension().lastPathComponent,
            base: base,
            chat: try chatFormat(files, base),
            payment: free ? .free : .channels(info.chain),
            chain: ServedChain(chain: chain, provider: provider),
            queueLimit: queue,
            streams: streams
        )
        let receipts = URL(filePath: signing.home.path).appending(path: "receipts")
        let service = CompletionService(setup, store: try open(receipts))
        for id in adapter.map(\.digest) {
            let offer = try await offer(id, chain)
            if let refusal = await service.add(offer) {
                throw CommandFailure(
                    .verificationFailed,
                    "the adapter \(id) is not served: \(refusal.reason)"
                )
            }
            Remark.write("serving \(id), checked against the chain")
        }
        try await serve(service)
    }

    /// The model's own chat template, or ChatML for a model without one.
    private func chatFormat(
        _ files: ModelBundle.Files,
        _ base: ModelBundle
    ) throws -> ChatFormat {
        let own = try ToolFailure.translating {
            try ModelChat(path: modelPath, files: files, bundle: base)
        }
        guard let own else { return .chatML }
        return ChatFormat { turns in
            try own.prompt(
                turns.map { ["role": .string($0.role), "content": .string($0.content)] }
            )
        }
    }

    private func open(_ file: URL) throws -> ReceiptStore {
        do {
            return try ReceiptStore(at: file)
        } catch {
            throw CommandFailure(.environment, "the receipts cannot be kept: \(error)")
        }
    }

    /// The adapter's files, from the node by their digest.
    private func offer(_ id: Digest, _ chain: RemoteChain) async throws -> AdapterOffer {
        do {
            let record = try await chain.assembly.object(Adapter.self, StateKey.adapter(id))
            let bytes = try await chain.artifact(record.terms.adapterArtifact)
            let files = try AdapterFiles(borsh: bytes)
            return AdapterOffer(
                name: "\(id)",
                configuration: files.configuration,
                weights: files.weights
            )
        } catch let defect as ClaimDefect {
            throw defect.failure
        } catch let error as BorshError {
            throw CommandFailure(
                .verificationFailed,
                "the artifact of \(id) is no adapter: \(error)"
            )
        }
    }

    private func serve(_ service: CompletionService) async throws {
        var logger = Logger(label: "serving") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        let (host, port) = (host, port)
        let server = ServingServer(
            configuration: ServingConfiguration(host: host, port: port),
            service: service,
            logger: logger
        ) { port in
            Remark.write("listening on http://\(host):\(port)/v1")
        }
        let group = ServiceGroup(
            services: [server],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        do {
            try await group.run()
        } catch let error as ServingListenError {
            throw CommandFailure(.environment, error.description)
        }
    }
}

/// The chain as a provider asks it: its own node's committed state.
struct ServedChain: ServingChain {
    let chain: RemoteChain
    let provider: Address

    func verify(_ identity: AdapterIdentity) async throws(AdapterRefusal) -> VerifiedAdapter {
        guard let bytes = Hex.decode(identity.name), let id = Digest(bytes) else {
            throw AdapterRefusal("its name is not an adapter's id")
        }
        let record: Adapter
        let height: UInt64?
        do {
            record = try await chain.assembly.object(Adapter.self, StateKey.adapter(id))
            height = try await chain.client.call("chain_status")["height"]?.integer(UInt64.self)
        } catch {
            throw AdapterRefusal("the chain knows no such adapter, or cannot be asked: \(error)")
        }
        guard identity.canonicalRoot == record.terms.canonicalRoot else {
            throw AdapterRefusal("its tensors do not have the committed canonical root")
        }
        guard identity.fileHash == record.terms.fileHash.bytes else {
            throw AdapterRefusal("its file does not have the committed hash")
        }
        guard record.isIndexed, !record.isRevoked else {
            throw AdapterRefusal("it is \(record.standing.rawValue); only indexed ones can be paid")
        }
        return VerifiedAdapter(
            id: id,
            height: Height(height ?? 0),
            pricePerToken: record.terms.pricePerToken,
            standing: record.standing.rawValue
        )
    }

    func channel(_ id: Digest) async throws -> ChannelTerms? {
        guard let bytes = try await chain.value(StateKey.channel(id)) else { return nil }
        let channel = try Channel(borsh: bytes)
        guard channel.provider == provider, channel.closes == nil else { return nil }
        return ChannelTerms(
            payerKey: channel.payerKey,
            adapter: channel.adapter,
            deposit: channel.deposit,
            spent: channel.spent,
            sequence: channel.sequence
        )
    }
}
