package import JSON

extension DataReport {
    /// Groups and suspects are named up to this many.
    private static let namedLimit = 50

    package var json: JSON {
        var members: [(String, JSON)] = [
            ("records", .integer(records)),
            ("skipped", Self.counts(skipped.map { ($0.reason, $0.count) }, "reason")),
            ("without_prompt", .integer(withoutPrompt)),
        ]
        for (name, sizes) in [
            ("prompt_bytes", promptBytes), ("completion_bytes", completionBytes),
            ("tokens", tokens),
        ] {
            if let sizes { members.append((name, Self.json(sizes))) }
        }
        if tokens != nil { members.append(("cut_off", .integer(cutOff))) }
        members += [
            ("duplicates", Self.json(duplicates)),
            ("near_duplicates", Self.json(nearDuplicates)),
            ("conflicting_answers", Self.json(conflicts)),
            ("languages", Self.counts(languages.map { ($0.language, $0.count) }, "language")),
        ]
        if let medianLoss {
            members.append(("median_loss", Self.number(medianLoss)))
            members.append(("suspects", .array(suspects.map { Self.json($0) })))
        }
        return .object(JSONObject(members.map { .init(key: $0.0, value: $0.1) }))
    }

    private static func number(_ value: Double) -> JSON {
        JSONNumber(value).map { .number($0) } ?? .null
    }

    private static func counts(_ counts: [(String, Int)], _ key: String) -> JSON {
        .array(
            counts.map { name, count in
                .object(
                    JSONObject([
                        .init(key: key, value: .string(name)),
                        .init(key: "count", value: .integer(count)),
                    ])
                )
            }
        )
    }

    private static func json(_ sizes: SizeSummary) -> JSON {
        [
            "total": .integer(sizes.total), "least": .integer(sizes.least),
            "median": .integer(sizes.median), "ninetieth": .integer(sizes.ninetieth),
            "most": .integer(sizes.most),
        ]
    }

    /// How many records could go, and the first groups.
    private static func json(_ groups: [Group]) -> JSON {
        [
            "records": .integer(groups.reduce(0) { $0 + $1.others.count }),
            "groups": .array(
                groups.prefix(namedLimit).map { group in
                    [
                        "first": .integer(group.first),
                        "others": .array(group.others.prefix(namedLimit).map { .integer($0) }),
                    ]
                }
            ),
        ]
    }

    private static func json(_ suspect: Suspect) -> JSON {
        var members: [JSONObject.Member] = [
            .init(key: "record", value: .integer(suspect.record)),
            .init(key: "loss", value: number(suspect.loss)),
            .init(key: "deviations", value: number(suspect.deviations)),
        ]
        if let value = suspect.selfInfluence {
            members.append(.init(key: "self_influence", value: number(value)))
        }
        return .object(JSONObject(members))
    }

    /// A page for a terminal. Records are counted from 0, as in the JSON.
    package var text: String {
        var lines = ["records            \(records)"]
        for (reason, count) in skipped { lines.append("skipped            \(count)  \(reason)") }
        for (name, sizes) in [
            ("prompt bytes      ", promptBytes), ("completion bytes  ", completionBytes),
            ("tokens            ", tokens),
        ] {
            guard let sizes else { continue }
            lines.append(
                "\(name) \(sizes.total) in all; \(sizes.least) least, \(sizes.median) median, "
                    + "\(sizes.ninetieth) ninetieth, \(sizes.most) most"
            )
        }
        if cutOff > 0 { lines.append("over the limit     \(cutOff)") }
        if withoutPrompt > 0 { lines.append("without a prompt   \(withoutPrompt)") }
        lines.append(Self.line("duplicates        ", duplicates))
        lines.append(Self.line("near-duplicates   ", nearDuplicates))
        lines.append(Self.line("differing answers ", conflicts))
        let guesses = languages.prefix(8).map { "\($0.language) \($0.count)" }
        lines.append("languages (guess)  \(guesses.joined(separator: ", "))")
        if let medianLoss {
            lines.append("median loss        \(Self.rounded(medianLoss))")
            lines.append("likely mislabelled \(suspects.count)")
            for suspect in suspects {
                lines.append(
                    "  record \(suspect.record): loss \(Self.rounded(suspect.loss)), "
                        + "\(Self.rounded(suspect.deviations)) deviations above the median"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ name: String, _ groups: [Group]) -> String {
        let count = groups.reduce(0) { $0 + $1.others.count }
        let first = groups.prefix(5).map { group in
            "\(group.first): \(group.others.prefix(4).map(String.init).joined(separator: " "))"
        }
        return "\(name) \(count)" + (first.isEmpty ? "" : "  (\(first.joined(separator: "; ")))")
    }

    private static func rounded(_ value: Double) -> String {
        let hundredths = (value * 100).rounded()
        return hundredths.magnitude < 1e15 ? "\(hundredths / 100)" : "\(value)"
    }
}
