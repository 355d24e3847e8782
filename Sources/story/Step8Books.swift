import Foundation
import JSON

extension Story {
    /// Step 8: who earned what and why, and that nothing appeared or vanished.
    mutating func closeTheBooks() async throws {
        let value = try await rpc.call("settlement_get", ["id": .string(settlement)])
        var earned: [String: Money] = [:]
        var rows: [[String]] = []
        for payout in try value.list("payouts") {
            let account = try payout.text("account")
            let amount = try payout.money("amount")
            let role = try payout.text("role")
            if role == "contributor" {
                earned[account] = (earned[account] ?? Money(units: 0)) + amount
            }
            rows.append([Self.words(role), name(of: account), amount.description])
        }
        screen.table(["as", "who", "OPEN"], rows)
        try showReasons()
        let copier = earned[people.copier.address] ?? Money(units: 0)
        let baker = earned[people.baker.address] ?? Money(units: 0)
        try check(
            copier.units * 10 <= baker.units,
            "the copier earned \(copier) OPEN, a tenth of the baker's \(baker) or less"
        )
        for person in [people.baker, people.sailor, people.lawyer] {
            try check(
                earned[person.address, default: Money(units: 0)].units > 0,
                "\(people.part(of: person.address)) earned "
                    + "\(earned[person.address, default: Money(units: 0)]) OPEN"
            )
        }
        report.set("copierEarned", .string(String(copier.units)))
        try await checkSupply()
        try showTimes()
    }

    private func name(of account: String) -> String {
        validators.first { $0.address == account }?.name ?? people.part(of: account)
    }

    /// For each question the records that moved the answer most.
    private func showReasons() throws {
        var rows: [[String]] = []
        for (query, question) in zip(queries, asked) {
            for record in try query.list("top").prefix(2) {
                rows.append([
                    String(question.prompt.prefix(36)),
                    people.part(of: try record.text("contributor")),
                    String(try record.text("prompt").prefix(40)),
                    rounded(try record.real("share") * 100, 1) + " %",
                ])
            }
        }
        screen.table(["question", "contributor", "record", "share"], rows)
    }

    private func showTimes() throws {
        let done = Self.titles.indices.dropLast()
        screen.table(
            ["step", "seconds"],
            done.map { [Self.titles[$0], rounded(report.seconds(of: $0), 1)] }
        )
    }

    /// With `--keep`: what to try, and then nothing until the reader ends it.
    func waitForTheReader() async throws {
        screen.line("")
        screen.line("The network goes on. Stop it with Ctrl-C.")
        for validator in validators { screen.note("\(validator.name)  \(validator.rpc.url)") }
        if let serving { screen.note("serving  \(serving.url)/v1") }
        let tool = tool.executable.path
        screen.note("\(tool) query status --url \(rpc.url)")
        screen.note("\(tool) query settlement \(settlement) --url \(rpc.url)")
        screen.note("\(tool) adapter verify \(adapterFolder) --adapter \(adapter) --url \(rpc.url)")
        while nodes.values.contains(where: \.isRunning) {
            try await Task.sleep(for: .seconds(1))
        }
    }
}
