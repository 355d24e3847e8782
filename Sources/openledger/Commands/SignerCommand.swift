import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Logging
import Node
import Storage

/// A validator's hot key in a process of its own.
struct SignerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signer",
        abstract: "Keep a validator's hot key apart from its node.",
        subcommands: [Start.self]
    )

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign for one node over a socket file, in the foreground.",
            discussion: """
                The directory holds genesis.json, keys/validator.json and the signing record, which \
                only this process writes. The node has keys.signer = "unix:DIR/signer.sock" and no \
                hot key. Both run as one user: the socket has mode 0600.
                """
        )
        @Option(help: "The signer's directory.") var home: String
        @Option(help: "The hot key's file; HOME/keys/validator.json unless told.") var key: String?
        @Option(help: "The socket's file; HOME/signer.sock unless told.") var socket: String?
        @Option(name: .long, help: "A file whose first line opens the key.") var passwordFile:
            String?
        @Flag(help: "Begin a record for a key that has never signed anything anywhere.")
        var newRecord = false

        func run() throws {
            let home = (home as NSString).expandingTildeInPath
            let genesis = try CommandFailure.wrap(.badInput) {
                try GenesisFile.read(InputFile.read(home + "/genesis.json"))
            }
            let key = HotKey(
                try KeyStore.open(key ?? home + "/keys/validator.json") {
                    Password.given(file: passwordFile)
                }
            )
            var server = try CommandFailure.wrap(.environment) {
                try open(home, key, genesis)
            }
            let signals = Self.endOnSignals()
            defer { for source in signals { source.cancel() } }
            Remark.write("signing for \(key.publicKey) at \(socket ?? home + "/signer.sock")")
            do { try server.serve() } catch {
                throw CommandFailure(.environment, error.description)
            }
        }

        /// Whoever starts this process may have blocked them, and then the default would wait for
        /// ever. Nothing has to be saved: a signature is in the record before it is given.
        private static func endOnSignals() -> [any DispatchSourceSignal] {
            [SIGINT, SIGTERM].map { number in
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { _exit(0) }
                source.resume()
                return source
            }
        }

        private func open(
            _ home: String,
            _ key: HotKey,
            _ genesis: Genesis
        ) throws -> SignerServer {
            SignerServer(
                key: key,
                genesis: genesis,
                lock: try HomeLock(home: home),
                guardian: try SignGuard(
                    path: NodeHome(path: home).signed,
                    genesis: genesis.hash,
                    chainHasBlocks: !newRecord
                ),
                listener: try UnixListener(path: socket ?? home + "/signer.sock"),
                logger: Logger(label: "signer", factory: StreamLogHandler.standardError(label:))
            )
        }
    }
}
