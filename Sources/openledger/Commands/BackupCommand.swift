import ArgumentParser
import Foundation
import JSON
import Ledger
import Node
import Primitives
import Replica
import Storage

/// Copies a home's chain, whether its node runs or not.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a node's chain and artifacts into a new directory, while it runs or not.",
        discussion: """
            Keys and the signing record are not copied: keys belong in a safer place, and an old \
            signing record would permit to sign twice.
            """
    )
    @Argument(help: "The directory to make.") var directory: String
    @Flag(help: "Leave the artifacts out; peers have those that the chain needs.")
    var withoutArtifacts = false
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let home = NodeHome(path: home.path)
        let genesis = try HomeAdministration.genesis(home)
        let target = URL(filePath: directory).standardizedFileURL.path
        guard !FileManager.default.fileExists(atPath: target) else {
            throw CommandFailure(
                .environment,
                "\(target) exists already; a backup is a new directory"
            )
        }
        try InputFile.makeDirectory(target, isPrivate: true)
        do {
            let request: JSON = ["call": "backup", "into": .string(target + "/chain")]
            if try HomeAdministration.call(home, request) == nil {
                try HomeAdministration.alone(home) { try $0.checkpoint(into: target + "/chain") }
            }
            for name in ["genesis.json", "config.toml"] {
                try InputFile.write(
                    try InputFile.read(home.path + "/" + name),
                    to: "\(target)/\(name)"
                )
            }
            if !withoutArtifacts { try copyArtifacts(home, to: target) }
            output.show(try Backup.seal(target, genesis: genesis).json)
        } catch {
            // Half a backup would be taken for one.
            try? FileManager.default.removeItem(atPath: target)
            throw error
        }
    }

    private func copyArtifacts(_ home: NodeHome, to target: String) throws {
        let own = home.artifacts + "/own"
        guard FileManager.default.fileExists(atPath: own) else { return }
        try InputFile.makeDirectory(target + "/artifacts", isPrivate: true)
        try CommandFailure.wrap(.environment) {
            try FileManager.default.copyItem(atPath: own, toPath: target + "/artifacts/own")
        }
    }
}

/// What a backup says of itself, written last: a directory without it is no backup.
struct Backup {
    static let file = "backup.json"
    private static let format = 1

    let chain: String
    let genesis: String
    let height: UInt64
    let block: String

    var json: JSON {
        [
            "format": .integer(Self.format), "chain": .string(chain), "genesis": .string(genesis),
            "height": .integer(height), "block": .string(block),
        ]
    }

    /// Opens the copied chain, which is the only proof that it can be opened, and describes it.
    static func seal(_ directory: String, genesis: Genesis) throws -> Backup {
        let backup = try CommandFailure.wrap(.environment) {
            let database = try Database(path: directory + "/chain", genesis: genesis)
            let tip = try database.now.tip()
            if tip.height > .genesis, try database.now.block(at: tip.height) == nil {
                throw CommandFailure(.verificationFailed, "the copy lacks its last block")
            }
            return Backup(
                chain: "\(genesis.chain)",
                genesis: "\(genesis.hash)",
                height: tip.height.value,
                block: "\(tip.hash)"
            )
        }
        try InputFile.write(
            Array((backup.json.prettyText + "\n").utf8),
            to: directory + "/" + file
        )
        return backup
    }

    init(chain: String, genesis: String, height: UInt64, block: String) {
        self.chain = chain
        self.genesis = genesis
        self.height = height
        self.block = block
    }

    init(reading directory: String) throws {
        let path = directory + "/" + Self.file
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(
                .badInput,
                "\(directory) is no whole backup: it has no \(Self.file)"
            )
        }
        let json = try? JSON.parse(try InputFile.read(path))
        guard let json, json["format"]?.integer(Int.self) == Self.format,
            let chain = json["chain"]?.string, let genesis = json["genesis"]?.string,
            let height = json["height"]?.integer(UInt64.self), let block = json["block"]?.string
        else { throw CommandFailure(.badInput, "\(path) does not describe a backup") }
        self.init(chain: chain, genesis: genesis, height: height, block: block)
    }
}
