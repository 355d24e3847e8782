import Foundation
import JSON

extension Story {
    /// Step 8: who earned what and why, and that nothing appeared or vanished.
    mutating func closeTheBooks() async throws {
        let value = try await rpc.call("settlement_get", ["id": .string(settlement)])
        let earned = try showPayouts(value)
        try showReasons()
        let honest = [people.baker, people.sailor, people.lawyer]
        for person in honest {
            let amount = earned[person.address, default: Money(units: 0)]
            try check(
                amount.units > 0,
                "the \(people.part(of: person.address)) earned \(amount) OPEN"
            )
        }
        let copier = earned[people.copier.address, default: Money(units: 0)]
        let whole = honest.reduce(copier) { $0 + earned[$1.address, default: Money(units: 0)] }
        try check(
            copier.units * 10 <= whole.units,
            "the copier earned \(copier) OPEN of the contributors' \(whole): a tenth or less"
        )
        report.set("copierEarned", .string(String(copier.units)))
        try await checkVested(earned, of: honest)
        try await checkSupply()
        try showTimes()
    }

    /// One row for each role of each account; a validator is paid once for each claim.
    /// - Returns: what each account earned as a contributor.
    private func showPayouts(_ settlement: JSON) throws -> [String: Money] {
        var earned: [String: Money] = [:]
        var rows: [(role: String, account: String, amount: Money)] = []
        for payout in try settlement.list("payouts") {
            let account = try payout.text("account")
            let amount = try payout.money("amount")
            let role = Self.words(try payout.text("role"))
            if role == "contributor" {
                earned[account] = earned[account, default: Money(units: 0)] + amount
            }
            if let index = rows.firstIndex(where: { $0.role == role && $0.account == account }) {
                rows[index].amount = rows[index].amount + amount
            } else {
                rows.append((role, account, amount))
            }
        }
        screen.table(
            ["as", "who", "OPEN"],
            rows.map {
                [$0.role, $0.role == "treasury" ? "" : name(of: $0.account), "\($0.amount)"]
            }
        )
        return earned
    }

    /// Earnings are free once they have vested: the balances rise by exactly what was earned.
    private func checkVested(_ earned: [String: Money], of contributors: [Person]) async throws {
        for person in contributors {
            let amount = earned[person.address, default: Money(units: 0)]
            let before = balances[person.address, default: Money(units: 0)]
            let _: Money = try await wait(for: "vesting of earnings", seconds: 60) {
                let now = try await balance(person.address)
                return now == before + amount ? now : nil
            }
        }
        screen.checked("what they earned has vested and is in their balances, to the last unit")
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

    /// With `--keep`: what to try, and then nothing until the reader ends it with Ctrl-C.
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
