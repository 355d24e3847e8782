import ArgumentParser
import Cryptography
import Foundation
import JSON
import Node
import Primitives
import Wallet

/// Key files and the words behind them.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make, list and import keys.",
        subcommands: [
            New.self, Import.self, List.self, Show.self, ExportSigningRecord.self,
            ImportSigningRecord.self,
        ],
        aliases: ["wallet"]
    )
}

struct KeyDirectoryOptions: ParsableArguments {
    @Option(name: .long, help: "The directory of key files; HOME/keys unless told.")
    var keys: String?

    @Flag(name: .long, help: "Write addresses of the real network (open1…), not of a test network.")
    var main = false

    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    var store: KeyStore { KeyStore(directory: keys ?? home.path + "/keys") }
    var prefix: AddressPrefix { main ? .main : .test }
    /// SLIP-0044: every test network shares coin 1. The real network has no number of its own yet.
    var coin: UInt32 { DerivationPath.testCoin }

    func description(_ name: String, _ key: PublicKey) -> [JSONObject.Member] {
        [
            .init(key: "name", value: .string(name)),
            .init(key: "address", value: .string(Address(firstKey: key).text(prefix))),
            .init(key: "publicKey", value: .string(key.description)),
        ]
    }
}

/// Whether a new key file is sealed.
struct SealOptions: ParsableArguments {
    @Option(name: .long, help: "A file whose first line becomes the password.")
    var passwordFile: String?

    @Flag(name: .long, help: "Leave the key readable for whoever can read the file.")
    var unsealed = false

    func password() throws -> String? {
        if unsealed { return nil }
        guard let password = Password.given(file: passwordFile), !password.isEmpty else {
            throw CommandFailure(
                .key,
                "a password is needed: type it, give --password-file, or say --unsealed"
            )
        }
        if passwordFile == nil, isatty(STDIN_FILENO) == 1,
            ProcessInfo.processInfo.environment["OPENLEDGER_PASSWORD"] == nil
        {
            guard Password.typed("Again: ") == password else {
                throw CommandFailure(.key, "the two passwords differ")
            }
        }
        return password
    }
}

extension KeysCommand {
    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key from new words, which are printed once."
        )
        @Argument(help: "The key's name.") var name: String
        @OptionGroup var seal: SealOptions
        @OptionGroup var options: KeyDirectoryOptions

        func run() throws {
            let mnemonic = try CommandFailure.wrap(.failed) { try Mnemonic.generate() }
            let path = DerivationPath.account(0, coin: options.coin)
            let key = try CommandFailure.wrap(.failed) {
                try KeyDerivation.signingKey(seed: mnemonic.seed(), path: path)
            }
            try options.store.save(key, name: name, password: try seal.password())
            Remark.write("Write the words down: they are the only way back to this key.")
            options.output.show(
                .object(
                    JSONObject(
                        options.description(name, key.publicKey) + [
                            .init(key: "words", value: .string(mnemonic.phrase)),
                            .init(key: "path", value: .string(path.description)),
                        ]
                    )
                )
            )
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Make a key from words, read from standard input or a file."
        )
        @Argument(help: "The key's name.") var name: String
        @Option(help: "A file with the words.") var file: String?
        @Option(help: "Which account of the words.") var account: UInt32 = 0
        @Option(help: "A derivation path instead, such as m/44'/1'/0'/0'.") var path: String?
        @OptionGroup var seal: SealOptions
        @OptionGroup var options: KeyDirectoryOptions

        func run() throws {
            let text = try file.map { String(decoding: try InputFile.read($0), as: UTF8.self) }
            guard let phrase = text ?? readLine() else {
                throw CommandFailure(.badInput, "there are no words to read")
            }
            let mnemonic: Mnemonic
            do { mnemonic = try Mnemonic(phrase: phrase) } catch {
                throw CommandFailure(.badInput, "these are no words of a wallet: \(error)")
            }
            guard account < 1 << 31 else {
                throw CommandFailure(.badInput, "an account is below 2147483648")
            }
            let derivation = try CommandFailure.wrap(.badInput) {
                try path.map { try DerivationPath($0) }
                    ?? DerivationPath.account(account, coin: options.coin)
            }
            let key = try CommandFailure.wrap(.failed) {
                try KeyDerivation.signingKey(seed: mnemonic.seed(), path: derivation)
            }
            try options.store.save(key, name: name, password: try seal.password())
            options.output.show(.object(JSONObject(options.description(name, key.publicKey))))
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The keys of a directory.")
        @OptionGroup var options: KeyDirectoryOptions

        func run() throws {
            let store = options.store
            options.output.show(
                .array(
                    try store.names().map { name in
                        .object(
                            JSONObject(
                                options.description(name, try store.file(name).publicKey)
                            )
                        )
                    }
                )
            )
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A key's address.")
        @Argument(help: "The key's name.") var name: String
        @OptionGroup var options: KeyDirectoryOptions

        func run() throws {
            let file = try options.store.file(name)
            var members = options.description(name, file.publicKey)
            let isSealed = if case .sealed = file.content { true } else { false }
            members.append(.init(key: "sealed", value: .bool(isSealed)))
            options.output.show(.object(JSONObject(members)))
        }
    }
}
