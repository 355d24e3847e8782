import Foundation
import JSON

extension Story {
    /// Step 7: what anyone can check without trusting a node, and what is refused.
    mutating func checkFromOutside() async throws {
        try await showBalances()
        let proof = home.appending(path: "adapter-proof.json").path
        let online = try await tool.json([
            "adapter", "verify", adapterFolder, "--adapter", adapter, "--url", rpc.url,
            "--genesis", home.appending(path: "network/genesis.json").path,
            "--save-proof", proof,
        ])
        try check(
            try online.text("standing") == "reproduced",
            "the adapter's folder proves against the finalised header "
                + "\(try online.count("height"))"
        )
        let offline = try await tool.json([
            "adapter", "verify", adapterFolder, "--proof", proof,
            "--genesis", home.appending(path: "network/genesis.json").path,
        ])
        try check(
            try offline.text("canonicalRoot") == online.text("canonicalRoot"),
            "and offline, from the saved proof alone"
        )
        try await refuseFlippedBit(proof)
    }

    private func showBalances() async throws {
        let request: JSON = [
            "jsonrpc": "2.0", "id": 1, "method": "account_balance",
            "params": ["address": .string(people.baker.address), "prove": true],
        ]
        screen.note("curl -s \(rpc.url) -H 'content-type: application/json' \\")
        screen.note("  -d '\(request.compactText)'")
        var rows: [[String]] = []
        for (index, person) in people.people.prefix(Cast.size).enumerated() {
            let now = try await balance(person.address)
            rows.append([
                Cast.parts[index], now.description, Money.change(from: person.funded, to: now),
            ])
        }
        screen.table(["account", "OPEN", "change"], rows)
        let reply = try await rpc.call("account_balance", try request.field("params"))
        try check(
            try reply.field("proof.certificate").string?.isEmpty == false,
            "each balance comes with a proof against a finalised header"
        )
    }

    private func refuseFlippedBit(_ proof: String) async throws {
        let copy = home.appending(path: "flipped")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(at: URL(filePath: adapterFolder), to: copy)
        let file = copy.appending(path: "adapter_model.safetensors")
        var bytes = try Data(contentsOf: file)
        guard let last = bytes.indices.last else { throw StoryFailure("\(file.path) is empty") }
        bytes[last] ^= 1
        try bytes.write(to: file)
        let outcome = try await tool.run([
            "adapter", "verify", copy.path, "--proof", proof,
            "--genesis", home.appending(path: "network/genesis.json").path,
        ])
        try check(
            outcome.status != 0 && outcome.complaint.contains("lora_"),
            "a copy with one flipped bit is refused: \(outcome.complaint)"
        )
    }
}
