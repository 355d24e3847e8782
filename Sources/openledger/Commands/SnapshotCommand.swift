import ArgumentParser
import Foundation
import JSON
import Ledger
import LightClient
import Node
import Primitives
import Storage

/// Snapshots of a node's state, beside those that nodes give to each other.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Keep the chain's state as one file, and begin a node from it.",
        subcommands: [Create.self, List.self, Restore.self]
    )

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the state of the last block into a file; the node may be running."
        )
        @Argument(help: "The file to write.") var file: String
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let home = NodeHome(path: home.path)
            let genesis = try HomeAdministration.genesis(home)
            let target = URL(filePath: file).standardizedFileURL.path
            // A running node goes on writing: what is read is a copy of one moment.
            let (copy, index) = (target + ".copy", target + ".index")
            defer {
                for path in [copy, index] { try? FileManager.default.removeItem(atPath: path) }
            }
            if try HomeAdministration.call(home, ["call": "backup", "into": .string(copy)]) == nil {
                try HomeAdministration.alone(home) { try $0.checkpoint(into: copy) }
            }
            do {
                let reader = try SnapshotReader(database: copy, index: index)
                let block = try SnapshotArchive.write(reader, of: genesis, to: file)
                output.show([
                    "file": .string(file), "height": .integer(block.height.value),
                    "block": .string("\(block.header.hash)"),
                    "checkpoint": .string("\(block.height.value):\(block.header.hash)"),
                ])
            } catch let error as StorageError {
                throw CommandFailure(.environment, error.description)
            } catch let error as SnapshotArchiveError {
                throw error.failure
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The snapshots that a node offers to others."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let folder = NodeHome(path: home.path).snapshots
            do {
                let heights = try SnapshotStore.heights(in: folder)
                output.show([
                    "snapshots": .array(
                        heights.map { height in
                            [
                                "height": .integer(height.value),
                                "path": .string("\(folder)/\(height.value)"),
                            ]
                        }
                    )
                ])
            } catch {
                throw CommandFailure(.environment, error.description)
            }
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin a node that has no blocks from a file, after checking all of it.",
            discussion: """
                The headers in the file have to follow from the home's genesis document within the \
                trust period, or from a checkpoint that you trust.
                """
        )
        @Argument(help: "The file that \"snapshot create\" wrote.") var file: String
        @Option(help: "HEIGHT:HASH of the file's block, from someone whom you trust.")
        var checkpoint: String?
        @Option(help: "Days for which a header is trusted.") var trustDays = 14
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if let checkpoint, Checkpoint(text: checkpoint) == nil {
                throw ValidationError("--checkpoint is HEIGHT:HASH, such as 1200:0x3f…")
            }
            guard (1...36_500).contains(trustDays) else {
                throw ValidationError("--trust-days is a number from 1 to 36500")
            }
        }

        func run() throws {
            let genesis = try HomeAdministration.genesis(NodeHome(path: home.path))
            do {
                let block = try SnapshotArchive.restore(
                    file,
                    genesis: genesis,
                    checkpoint: checkpoint.flatMap { Checkpoint(text: $0) },
                    rules: LightClientRules(
                        chain: genesis.chain,
                        trustPeriod: UInt64(trustDays) * 86_400_000
                    ),
                    now: UInt64(max(0, Date.now.timeIntervalSince1970 * 1000)),
                    into: NodeHome(path: home.path)
                )
                output.show([
                    "height": .integer(block.height.value),
                    "block": .string("\(block.header.hash)"),
                    "stateRoot": .string("\(block.header.stateRoot)"),
                ])
            } catch let error as SnapshotArchiveError {
                throw error.failure
            } catch let error as NodeStartError {
                throw CommandFailure(.environment, error.description)
            }
        }
    }
}

extension SnapshotArchiveError {
    fileprivate var failure: CommandFailure {
        switch self {
        case .file: CommandFailure(.badInput, description)
        case .storage: CommandFailure(.environment, description)
        case .malformed, .otherChain, .header, .part:
            CommandFailure(.verificationFailed, description)
        }
    }
}
