import Foundation
import JSON

extension Story {
    /// Step 3: a snapshot, a base model, a LoRA adapter of both, and its commitment.
    mutating func trainAdapter() async throws {
        let frozen = try await send(
            ["datanet", "freeze", datanet, "--claim", screeningClaim],
            from: people.baker
        )
        snapshot = try frozen.text("snapshot")
        screen.checked("the snapshot \(short(snapshot)) holds the accepted records")
        let registered = try await send(
            ["model", "register", modelPath, "--name", model.rawValue],
            from: people.builder
        )
        baseModel = try registered.text("model")
        screen.checked("the base model \(model.rawValue) is registered by its canonical root")

        adapterFolder = home.appending(path: "adapter").path
        let trained = try await tool.json(
            training(into: adapterFolder, seed: "builder", steps: honestSteps)
                + ["--held-out", project.appending(path: "examples/held-out").path],
            showsProgress: true
        )
        try showTraining(trained)
        try checkFolder(adapterFolder)
        let committed = try await send(
            ["adapter", "commit", adapterFolder, "--name", "household", "--price", "0.001"],
            from: people.builder
        )
        adapter = try committed.text("adapter")
        for name in ["fileHash", "canonicalRoot", "traceRoot", "indexRoot"] {
            report.set(name, .string(try committed.text(name)))
        }
        screen.checked("the adapter \(short(adapter)) is committed: file hash, canonical root,")
        screen.note("training trace and influence index")
    }

    func training(into folder: String, seed: String, steps: Int) -> [String] {
        [
            "factory", "train", "--snapshot", snapshot, "--model", baseModel,
            "--model-path", modelPath, "--into", folder, "--seed", seed,
            "--url", rpc.url,
        ] + recipe(steps: steps)
    }

    private mutating func showTraining(_ trained: JSON) throws {
        let before = try trained.real("heldOutBefore")
        let after = try trained.real("heldOutAfter")
        let fall = 100 * (1 - after / before)
        for name in [
            "steps", "records", "firstLoss", "lastLoss", "tokensPerSecond", "seconds",
            "heldOutBefore", "heldOutAfter",
        ] { report.set(name, try trained.field(name)) }
        let speed = Int(try trained.real("tokensPerSecond").rounded())
        screen.note("\(try trained.count("steps")) steps, \(speed) tokens/s")
        try check(
            fall >= 10,
            "loss on held-out text fell from \(rounded(before)) to \(rounded(after)): "
                + "\(rounded(fall, 1)) %, a tenth or more"
        )
    }

    private func checkFolder(_ folder: String) throws {
        for name in ["adapter_config.json", "adapter_model.safetensors", "README.md"] {
            guard FileManager.default.fileExists(atPath: folder + "/" + name) else {
                throw StoryFailure("\(folder) has no \(name)")
            }
        }
        screen.checked("\(folder) is a PEFT folder")
    }

    func rounded(_ value: Double, _ digits: Int = 3) -> String {
        String(format: "%.\(digits)f", value)
    }
}
