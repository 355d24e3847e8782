import Foundation
import JSON

extension Story {
    /// Step 5: the same work with one altered step.
    mutating func catchTheCheat() async throws {
        let folder = home.appending(path: "cheat").path
        let trained = try await tool.json(
            // Who cheats with the training needs no index and no report.
            training(into: folder, seed: "cheat", steps: forgedSteps)
                + ["--forge-unit", "1", "--no-index", "--suspects", "0"],
            showsProgress: true
        )
        let committed = try await send(
            ["adapter", "commit", folder, "--name", "too good", "--price", "0.001"],
            from: people.cheat
        )
        let forged = try committed.text("adapter")
        let from = try await height()
        let made = try await send(
            ["adapter", "claim", forged, "--kind", "training"],
            from: people.cheat
        )
        let ended = try await follow(try made.text("claim"), "forged training", seconds: patience)
        let unit = try ended.count("finding.unit")
        try check(
            try ended.text("phase") == "rejected" && unit == trained.count("forgedUnit"),
            "the claim is rejected: unit \(unit) of the trace differs"
        )
        let bond = try made.money("bond")
        try check(
            try ended.money("bond") < bond,
            "of the bond of \(bond) OPEN \(try ended.money("bond")) is left"
        )
        let paid = try await events("finderPaid", from: from)
        var found = Money(units: 0)
        for event in paid { found = found + (try event.money("attributes.amount")) }
        let finders = try paid.map { try validatorName($0.text("attributes.validator")) }
        try check(
            found.units > 0,
            "the finders \(Set(finders).sorted().joined(separator: ", ")) were paid \(found) OPEN"
        )
        report.set("differingUnit", .integer(unit))
        report.set("finders", .array(paid))
        report.set("findersPaid", .string(String(found.units)))
    }
}
