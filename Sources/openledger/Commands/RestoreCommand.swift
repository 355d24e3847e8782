import ArgumentParser
import Foundation
import JSON
import Ledger
import Node
import Primitives
import Replica
import Storage

/// Brings back a home's chain from a backup. The signing record is never brought back.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring back a chain from a backup into a home that no node runs on."
    )
    @Argument(help: "What \"openledger backup\" made.") var backup: String
    @Flag(help: "Set the home's present chain aside, as chain.replaced.") var replace = false
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let described = try Backup(reading: backup)
        let document = try InputFile.read(backup + "/genesis.json")
        let genesis = try CommandFailure.wrap(.badInput) { try GenesisFile.read(document) }
        guard "\(genesis.hash)" == described.genesis else {
            throw CommandFailure(
                .verificationFailed,
                "the backup's genesis document is another one"
            )
        }
        let home = NodeHome(path: home.path)
        let lock = try CommandFailure.wrap(.environment) { try HomeLock(home: home.path) }
        defer { withExtendedLifetime(lock) {} }
        try checkGenesis(of: home, genesis)
        try copyChain(to: home, genesis, described)
        for name in ["genesis.json", "config.toml"]
        where !FileManager.default.fileExists(atPath: home.path + "/" + name) {
            try InputFile.write(try InputFile.read(backup + "/" + name), to: home.path + "/" + name)
        }
        try copyArtifacts(to: home)
        var result: [JSONObject.Member] = [
            .init(key: "home", value: .string(home.path)),
            .init(key: "height", value: .integer(described.height)),
            .init(key: "block", value: .string(described.block)),
        ]
        result.append(.init(key: "signing", value: .string(signing(home, genesis, described))))
        output.show(.object(JSONObject(result)))
    }

    /// A home of another chain keeps it.
    private func checkGenesis(of home: NodeHome, _ genesis: Genesis) throws {
        guard FileManager.default.fileExists(atPath: home.path + "/genesis.json") else { return }
        let own = try HomeAdministration.genesis(home)
        guard own.hash == genesis.hash else {
            throw CommandFailure(
                .environment,
                "\(home.path) belongs to the chain \(own.chain) (\(own.hash)), the backup to "
                    + "\(genesis.chain) (\(genesis.hash))"
            )
        }
    }

    /// The chain takes its place only when it is whole and opens.
    private func copyChain(to home: NodeHome, _ genesis: Genesis, _ described: Backup) throws {
        let manager = FileManager.default
        let aside = home.database + ".replaced"
        let incoming = home.database + ".restoring"
        let isOccupied = manager.fileExists(atPath: home.database)
        guard !isOccupied || replace else {
            throw CommandFailure(
                .environment,
                "\(home.path) has a chain; --replace sets it aside as \(aside)"
            )
        }
        guard !isOccupied || !manager.fileExists(atPath: aside) else {
            throw CommandFailure(.environment, "\(aside) exists already; move it away first")
        }
        try CommandFailure.wrap(.environment) {
            try? manager.removeItem(atPath: incoming)
            try manager.copyItem(atPath: backup + "/chain", toPath: incoming)
            let tip = try Database(path: incoming, genesis: genesis).now.tip()
            guard tip.height.value == described.height, "\(tip.hash)" == described.block else {
                throw CommandFailure(
                    .verificationFailed,
                    "the backup's chain ends at another block"
                )
            }
            if isOccupied { try manager.moveItem(atPath: home.database, toPath: aside) }
            try manager.moveItem(atPath: incoming, toPath: home.database)
        }
    }

    private func copyArtifacts(to home: NodeHome) throws {
        let own = backup + "/artifacts/own"
        let manager = FileManager.default
        guard manager.fileExists(atPath: own),
            !manager.fileExists(atPath: home.artifacts + "/own")
        else { return }
        try InputFile.makeDirectory(home.artifacts, isPrivate: true)
        try CommandFailure.wrap(.environment) {
            try manager.copyItem(atPath: own, toPath: home.artifacts + "/own")
        }
    }

    /// What the restored chain means for a validator.
    private func signing(_ home: NodeHome, _ genesis: Genesis, _ described: Backup) -> String {
        guard FileManager.default.fileExists(atPath: home.signed) else {
            return "there is no signing record here: a follower needs none, and a validator does "
                + "not start without the newest one (openledger keys import-signing-record)"
        }
        do {
            let record = try SignGuard(
                path: home.signed,
                genesis: genesis.hash,
                chainHasBlocks: true
            )
            guard let last = record.last, last.height > described.height else {
                return "the signing record was kept"
            }
            return "the signing record was kept; it ends at \(last), so the validator is silent "
                + "until others have decided height \(last.height)"
        } catch {
            return "the signing record was kept, but a validator will not start with it: \(error)"
        }
    }
}
