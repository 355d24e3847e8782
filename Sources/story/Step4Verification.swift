import JSON

extension Story {
    /// Step 4: the committee re-runs samples of training and index.
    mutating func verifyAdapter() async throws {
        for kind in ["training", "index"] {
            let made = try await send(
                ["adapter", "claim", adapter, "--kind", kind],
                from: people.builder
            )
            let ended = try await follow(try made.text("claim"), kind, seconds: patience)
            let drawn = try ended.list("panel").count
            try check(
                try ended.text("phase") == "final",
                "\(kind): the beacon drew \(drawn) validators; found valid by "
                    + "\(try verifiers(of: ended))"
            )
            report.set("\(kind)Units", try ended.field("terms.unitCount"))
        }
        let value = try await rpc.call("adapter_get", ["id": .string(adapter)])
        try check(
            try value.flag("isReproduced") && value.flag("isIndexed"),
            "the adapter is reproduced and indexed"
        )
    }
}
