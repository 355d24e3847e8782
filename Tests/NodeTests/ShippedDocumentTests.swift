import Foundation
import Ledger
import Node
import Primitives
import Testing

/// The documents under genesis/ and network-config/ are read by commands; these tests keep them
/// readable and true.
@Suite("Shipped documents") struct ShippedDocumentTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test("genesis/devnet.json is the genesis that `devnet init` makes")
    func genesis() throws {
        let plan = try DevnetPlan(validators: 4, accounts: 10, basePort: 26_650)
        let text = try Self.text("genesis/devnet.json")
        #expect(text == GenesisFile.document(plan.genesis))
        #expect(try GenesisFile.read(Array(text.utf8)).hash == plan.genesis.hash)
    }

    @Test("every file of network-config/ is a configuration")
    func configurations() throws {
        let folder = Self.root.appending(path: "network-config").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count >= 2)
        for file in files {
            let text = try Self.text("network-config/\(file)")
            _ = try EffectiveConfiguration(file: (file, text), environment: [:], flags: [])
        }
    }

    @Test("the follower's peers are validators of the devnet")
    func follower() throws {
        let text = try Self.text("network-config/devnet-follower.toml")
        let follower = try EffectiveConfiguration(file: ("f", text), environment: [:], flags: [])
        let plan = try DevnetPlan(validators: 4, accounts: 10, basePort: 26_650)
        let known = plan.validators.map {
            "\(Hex.encode($0.node.key.bytes))@127.0.0.1:\($0.networkPort)"
        }
        #expect(!follower.configuration.network.peers.isEmpty)
        #expect(follower.configuration.network.peers.allSatisfy { known.contains($0) })
    }
}
