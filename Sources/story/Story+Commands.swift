import Foundation
import JSON

extension Story {
    /// Runs a command that sends a transaction, signed by a person, and waits for its block.
    func send(
        _ arguments: [String],
        from person: Person,
        showsProgress: Bool = false
    ) async throws -> JSON {
        try await tool.json(
            arguments + ["--from", person.key, "--keys", keys, "--url", rpc.url, "--yes"],
            showsProgress: showsProgress
        )
    }

    /// The node that the story talks to unless it says otherwise.
    var rpc: RPCClient { validators[0].rpc }

    /// Seconds that a claim may take.
    var patience: Double { model == .small ? 120 : 600 }

    var modelFolder: URL {
        project.appending(path: "models/small")
    }

    /// The beginning of an id, enough for a reader to recognise it.
    func short(_ id: String) -> String { String(id.prefix(12)) + "…" }

    /// Names of the validators whose verdict decided a claim.
    func verifiers(of claim: JSON) throws -> String {
        let names = try claim.list("verifiers").compactMap(\.string).map { address in
            validators.first { $0.address == address }?.name ?? short(address)
        }
        return names.joined(separator: ", ")
    }
}
