import ArgumentParser
import Commitments
import Cryptography
import Foundation
import JSON
import Ledger
import NIOHTTP1
import Primitives
import RPC

/// Asks an adapter a question and pays for the answer with a voucher.
struct ServeAsk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask an adapter; a voucher on your channel pays."
    )

    @Argument(help: "The prompt.") var prompt: String
    @Option(help: "The serving endpoint.") var endpoint = "http://127.0.0.1:8600"
    @Option(help: "Your channel to the provider.") var channel: DigestArgument
    @Option(help: "The adapter's id; the channel's unless told.") var adapter: DigestArgument?
    @Option(help: "The most tokens to answer with.") var maxTokens = 64
    @OptionGroup var signing: SigningOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let info = try await ChainInfo(node.client)
        let chain = RemoteChain(client: node.client)
        guard let bytes = try await chain.value(StateKey.channel(channel.digest)) else {
            throw CommandFailure(.notFound, "the chain has no channel \(channel.digest)")
        }
        let open = try Channel(borsh: bytes)
        guard let model = adapter?.digest ?? open.adapter else {
            throw CommandFailure(
                .badInput,
                "the channel pays for any adapter: say which with --adapter"
            )
        }
        let voucher = try voucher(open, info)
        let reply = try await ServingClient(url: endpoint).post(
            "/v1/completions",
            [
                "model": .string("\(model)"), "prompt": .string(prompt),
                "max_tokens": .integer(maxTokens), "temperature": 0,
            ],
            voucher: Base64.encode(voucher.borshBytes)
        )
        guard let text = reply.body["choices"]?.array?.first?["text"]?.string else {
            throw CommandFailure(.unavailable, "the endpoint's answer has no text")
        }
        output.show([
            "text": .string(text),
            "receipt": reply.headers.first(name: "x-openledger-receipt").map(JSON.string) ?? .null,
            "adapter": .string("\(model)"),
            "verifiedHeight": reply.headers.first(name: "x-openledger-verified-height")
                .map(JSON.string) ?? .null,
            "usage": reply.body["usage"] ?? .null,
        ])
    }

    /// Promises the whole deposit: the provider can take only what verified receipts say.
    private func voucher(_ open: Channel, _ info: ChainInfo) throws -> Voucher {
        let key = try signing.open()
        guard key.publicKey == open.payerKey else {
            throw CommandFailure(.key, "the channel is paid by another key")
        }
        guard let cumulative = try? open.spent.adding(open.deposit) else {
            throw CommandFailure(.failed, "the channel's amounts overflow")
        }
        let message = Voucher.signBytes(
            chain: info.chain,
            channel: channel.digest,
            cumulative: cumulative
        )
        return Voucher(
            channel: channel.digest,
            cumulative: cumulative,
            signature: key.sign(message)
        )
    }
}
