import ArgumentParser
import Foundation
import JSON
import Node
import Primitives
import Storage

/// Forgets the past and gives the room back to the disk, whether the node runs or not.
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Forget old state and blocks now, and give their room back to the disk.",
        discussion: """
            Without numbers it keeps what the home's configuration keeps. What a node forgets from \
            block to block is set by storage.pruning.
            """
    )
    @Option(help: "Heights of old state to keep; 0 keeps all.") var states: UInt64?
    @Option(help: "Blocks to keep, at least 100; 0 keeps all.") var blocks: UInt64?
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let home = NodeHome(path: home.path)
        let settings = try SettingOptions.parse([]).effective(file: home.path + "/config.toml")
        var kept = settings.configuration.storage.retention
        kept.states = states ?? kept.states
        kept.blocks = blocks ?? kept.blocks
        let before = Self.bytes(below: home.database)
        let request: JSON = [
            "call": "prune", "states": .integer(kept.states), "blocks": .integer(kept.blocks),
        ]
        let state: UInt64?
        let block: UInt64?
        if let answer = try HomeAdministration.call(home, request) {
            state = answer["earliestState"]?.integer(UInt64.self)
            block = answer["earliestBlock"]?.integer(UInt64.self)
        } else {
            let pruned = try HomeAdministration.alone(home) { try $0.prune(to: kept) }
            state = pruned.earliestState
            block = pruned.earliestBlock.value
        }
        output.show([
            "earliestState": .integer(state ?? 0), "earliestBlock": .integer(block ?? 0),
            "bytesBefore": .integer(before),
            "bytesAfter": .integer(Self.bytes(below: home.database)),
        ])
    }

    private static func bytes(below directory: String) -> Int {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: directory)) ?? []
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: "\(directory)/\(name)"
            )
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }
}
