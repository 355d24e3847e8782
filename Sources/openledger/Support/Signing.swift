import ArgumentParser
import Cryptography
import Foundation
import JSON
import Ledger
import Node
import Primitives
import RPC

/// Who signs a transaction, and what it may cost.
struct SigningOptions: ParsableArguments {
    @Option(name: .long, help: "The name of the key that signs.")
    var from: String

    @Option(name: .long, help: "The directory of key files; HOME/keys unless told.")
    var keys: String?

    @Option(name: .long, help: "A file whose first line is the key's password.")
    var passwordFile: String?

    @Option(name: .long, help: "The fee in OPEN; the chain's minimum unless told.")
    var fee: AmountArgument?

    @Flag(name: .long, help: "Send without asking.")
    var yes = false

    @OptionGroup var home: HomeOptions

    var keyDirectory: String { keys ?? home.path + "/keys" }

    func open() throws -> SigningKey {
        try KeyStore(directory: keyDirectory).open(from) {
            Password.given(file: passwordFile)
        }
    }
}

enum Password {
    /// The first line of the file, else the environment's, else what is typed at a terminal.
    static func given(file: String?) -> String? {
        if let file {
            guard let data = FileManager.default.contents(atPath: file) else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            return text.split(separator: "\n", omittingEmptySubsequences: false).first
                .map { String($0) }
        }
        if let variable = ProcessInfo.processInfo.environment["OPENLEDGER_PASSWORD"] {
            return variable
        }
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        return typed("Password: ")
    }

    static func typed(_ prompt: String) -> String? {
        unsafe getpass(prompt).map { unsafe String(cString: $0) }
    }
}

/// The chain as a sender needs to know it.
struct ChainInfo: Sendable {
    let chain: ChainID
    let minimumFee: Amount
    let prefix: AddressPrefix

    init(_ client: NodeClient) async throws {
        let status = try await client.call("chain_status")
        guard let chain = status["chain"]?.string.flatMap({ ChainID($0) }) else {
            throw CommandFailure(.unavailable, "the node's status names no chain")
        }
        let parameters = try await client.call("params_get")
        guard let fee = parameters["minimumFee"]?.string.flatMap({ UInt128($0) }) else {
            throw CommandFailure(.unavailable, "the node's parameters name no fee")
        }
        self.chain = chain
        minimumFee = Amount(units: fee)
        prefix = AddressPrefix(chain: chain)
    }

    func address(_ text: String) throws -> Address {
        do { return try Address(text: text, prefix) } catch {
            throw CommandFailure(
                .badInput,
                "\(text) is no address of \(chain), whose addresses begin with \(prefix.rawValue)1"
            )
        }
    }
}

/// A transaction in a block.
struct SentTransaction: Sendable {
    let id: Digest
    let height: UInt64

    /// The members that every sending command prints.
    var members: [JSONObject.Member] {
        [
            .init(key: "transaction", value: .string("\(id)")),
            .init(key: "height", value: .integer(height)),
        ]
    }
}

/// Signs actions, sends them, and waits until they are in a block.
struct Sender: Sendable {
    let client: NodeClient
    let info: ChainInfo
    let address: Address
    private let seed: [UInt8]
    private let fee: Amount
    private let asks: Bool

    init(_ options: SigningOptions, _ client: NodeClient) async throws {
        let key = try options.open()
        info = try await ChainInfo(client)
        self.client = client
        address = Address(firstKey: key.publicKey)
        seed = key.exposedSeed()
        fee = options.fee?.amount ?? info.minimumFee
        asks = !options.yes && isatty(STDIN_FILENO) == 1
    }

    var addressText: String { address.text(info.prefix) }

    func key() throws -> SigningKey {
        try CommandFailure.wrap(.key) { try SigningKey(seed: seed) }
    }

    /// - Parameter action: what to do; the sender is asked first at a terminal, unless `--yes`.
    func send(_ action: Action) async throws -> SentTransaction {
        let account = try await client.call("account_get", [.string(addressText)])
        guard let nonce = account["nextNonce"]?.integer(UInt64.self) else {
            throw CommandFailure(.unavailable, "the node's account has no nonce")
        }
        let body = Transaction(
            chain: info.chain,
            sender: address,
            nonce: nonce,
            fee: fee,
            action: action
        )
        try confirm(body)
        let transaction = body.signed(with: try key())
        let answer = try await client.call(
            "tx_broadcast",
            ["transaction": .string(Base64.encode(transaction.borshBytes)), "mode": "wait"]
        )
        guard let height = answer["height"]?.integer(UInt64.self) else {
            throw CommandFailure(.unavailable, "the node's answer names no height")
        }
        let result = answer["receipt"]?["result"]
        guard result == "ok" else {
            let word = result?["value"]?.string ?? result?.compactText ?? ""
            let sentence = Refusal(rawValue: word)?.sentence ?? "the chain refuses the transaction"
            throw CommandFailure(.refused, "\(sentence) (\(word)), in block \(height)")
        }
        return SentTransaction(id: transaction.id, height: height)
    }

    private func confirm(_ body: Transaction) throws {
        guard asks else { return }
        let action = Renderer(prefix: info.prefix).render(body.action)
        Remark.write(TextRendering.text(action))
        Remark.write("fee: \(body.fee), from: \(addressText), chain: \(info.chain)")
        FileHandle.standardError.write(Data("Send? [y/N] ".utf8))
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandFailure(.failed, "not sent")
        }
    }
}
