import Foundation
import JSON

extension Story {
    /// Step 2: three honest contributions, then a noisy copy of one; screening judges them all.
    mutating func fillDatanet() async throws {
        let created = try await send(
            ["datanet", "create", "--name", "kitchen, sea and court", "--licence", "CC0-1.0"],
            from: people.baker
        )
        datanet = try created.text("datanet")
        screen.checked("the baker created the Datanet \(short(datanet))")
        let givers = [
            (people.baker, "bread"), (people.sailor, "sailing"), (people.lawyer, "contracts"),
        ]
        // All three are dated before any is shown; only then can the copier read the baker's rows.
        var hidden: [String] = []
        for (person, subject) in givers {
            hidden.append(try await commit("\(subject).jsonl", from: person))
        }
        for (contribution, giver) in zip(hidden, givers) {
            try await reveal(contribution, from: giver.0)
        }
        let copy = try await commit("copier.jsonl", from: people.copier)
        try await reveal(copy, from: people.copier)
        try await screenRecords()
    }

    /// Commits a file's records without showing them; prints what the reader skipped.
    private mutating func commit(_ file: String, from person: Person) async throws -> String {
        let path = project.appending(path: "examples/\(file)").path
        let made = try await send(["datanet", "commit", datanet, path], from: person)
        let skipped = try made.list("skipped")
        screen.note("\(file): \(try made.count("records")) records, \(skipped.count) rows skipped")
        for row in skipped {
            screen.faint("  line \(try row.count("line")): \(try row.text("reason"))")
        }
        report.set("skipped \(file)", .integer(skipped.count))
        return try made.text("contribution")
    }

    private mutating func reveal(_ contribution: String, from person: Person) async throws {
        _ = try await send(["datanet", "reveal", contribution], from: person)
    }

    private mutating func screenRecords() async throws {
        let made = try await send(["datanet", "screen", datanet], from: people.baker)
        let claim = try made.text("claim")
        let ended = try await follow(claim, "screening", seconds: patience)
        try check(
            try ended.text("phase") == "final",
            "the screening of \(try made.count("records")) records was re-run by "
                + "\(try verifiers(of: ended)) and is final"
        )
        screeningClaim = claim
        var rows: [[String]] = []
        var accepted: [String: Int] = [:]
        for contributor in try made.list("contributors") {
            let address = try contributor.text("address")
            let flags = try contributor.field("flags").object?.members ?? []
            accepted[address] = try contributor.count("accepted")
            rows.append([
                people.part(of: address), String(try contributor.count("records")),
                String(try contributor.count("accepted")),
                flags.compactMap { flag in
                    flag.value.integer(Int.self).map { "\($0) \(Self.words(flag.key))" }
                }.joined(separator: ", "),
            ])
        }
        screen.table(["contributor", "records", "accepted", "set aside"], rows)
        report.set("contributors", try made.field("contributors"))
        for person in [people.baker, people.sailor, people.lawyer] {
            try check(
                accepted[person.address, default: 0] >= 80,
                "\(people.part(of: person.address)): \(accepted[person.address, default: 0]) "
                    + "records accepted, at least 80"
            )
        }
        let copied = try made.list("contributors")
            .first { try $0.text("address") == people.copier.address }
        guard let copied else { throw StoryFailure("screening does not list the copier") }
        let clustered = try copied.count("inOthersClusters")
        try check(
            clustered * 10 >= (try copied.count("records")) * 9,
            "\(clustered) of the copier's \(try copied.count("records")) rows fall into clusters "
                + "that others own by the earlier date"
        )
    }

    /// `nearDuplicate` becomes `near duplicate`.
    static func words(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            text += character.isUppercase ? " " + character.lowercased() : String(character)
        }
    }
}
