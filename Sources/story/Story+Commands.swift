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
            arguments + [
                "--from", person.key, "--keys", keys, "--url", rpc.url, "--yes",
                // What a contributor hides until the reveal stays in the story's own folder.
                "--home", home.appending(path: "people").path,
            ],
            showsProgress: showsProgress
        )
    }

    /// The node that the story talks to unless it says otherwise.
    var rpc: RPCClient { validators[0].rpc }

    /// Seconds that a claim may take.
    var patience: Double { model == .small ? 120 : 600 }

    /// The base model here: a folder of the project, or the file that Scripts/fetch-smollm2 keeps.
    var modelPath: String {
        switch model {
        case .small: return project.appending(path: "models/small").path
        case .smollm2:
            let environment = ProcessInfo.processInfo.environment
            let caches = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
            let cache = environment["OPENLEDGER_CACHE"] ?? "\(caches)/openledger"
            return "\(cache)/SmolLM2-135M-Instruct.Q4_1.gguf"
        }
    }

    /// One pass over the records. With a third of that SmolLM2's answers are still its own, and
    /// no record has much to do with them. Questions count too: nine of them are attributed.
    func recipe(steps: Int) -> [String] {
        let rate = model == .small ? "0.01" : "0.003"
        return [
            "--steps", String(steps), "--batch", "4", "--learning-rate", rate, "--loss-on-all",
        ]
    }

    var honestSteps: Int { model == .small ? 80 : 96 }

    /// A trace of a few steps is enough to forge one of them.
    var forgedSteps: Int { model == .small ? 80 : 16 }

    /// The beginning of an id, enough for a reader to recognise it.
    func short(_ id: String) -> String { String(id.prefix(12)) + "…" }

    func validatorName(_ address: String) -> String {
        validators.first { $0.address == address }?.name ?? short(address)
    }

    /// Names of the validators whose verdict decided a claim.
    func verifiers(of claim: JSON) throws -> String {
        try claim.list("verifiers").compactMap(\.string).map(validatorName).sorted()
            .joined(separator: ", ")
    }
}
