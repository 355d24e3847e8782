import Foundation
import JSON

extension Story {
    /// Asks again and again until there is an answer.
    ///
    /// - Parameter what: what the story waits for, in words, for the failure.
    func wait<Value>(
        for what: String,
        seconds: Double,
        pause: Duration = .milliseconds(150),
        _ answer: () async throws -> Value?
    ) async throws -> Value {
        let end = ContinuousClock.now.advanced(by: .milliseconds(Int(seconds * 1000)))
        var last: (any Error)?
        while ContinuousClock.now < end {
            do {
                if let value = try await answer() { return value }
            } catch { last = error }
            try await Task.sleep(for: pause)
        }
        let reason = last.map { " (\($0))" } ?? ""
        throw StoryFailure("after \(Int(seconds)) s there is still no \(what)\(reason)")
    }

    /// Follows a claim through its phases and shows each once.
    /// - Returns: the claim in its last phase: final, rejected or unavailable.
    func follow(_ claim: String, _ noun: String, seconds: Double) async throws -> JSON {
        var seen: [String] = []
        let ended: JSON = try await wait(for: "end of the \(noun) claim", seconds: seconds) {
            let value = try await rpc.call("claim_get", ["id": .string(claim)])
            let phase = try value.text("phase")
            if seen.last != phase {
                seen.append(phase)
                screen.faint("\(noun) claim: \(phase)")
            }
            // A bare nil would be JSON's null.
            return ["final", "rejected", "unavailable"].contains(phase) ? value : JSON?.none
        }
        return ended
    }

    /// Committed events of a kind from a height on.
    func events(_ kind: String, from height: Int) async throws -> [JSON] {
        var found: [JSON] = []
        var next: (height: Int, index: Int) = (height, 0)
        while true {
            let status = try await rpc.call("chain_status").count("height")
            guard next.height <= status else { return found }
            let page = try await rpc.call(
                "events_get",
                [
                    "height": .integer(next.height), "index": .integer(next.index),
                    "limit": 1_000, "kind": .string(kind),
                ]
            )
            found += try page.list("items")
            next = (try page.count("next.height"), try page.count("next.index"))
        }
    }

    func height() async throws -> Int { try await rpc.call("chain_status").count("height") }

    func balance(_ address: String) async throws -> Money {
        try await rpc.call("account_balance", ["address": .string(address)]).money("balance")
    }

    /// Checks that the parts of the supply sum to the fixed total.
    func checkSupply() async throws {
        let supply = try await rpc.call("supply_get")
        var sum = Money(units: 0)
        for member in supply.object?.members ?? [] where member.key != "total" {
            sum = sum + (try supply.money(member.key))
        }
        let total = Money(units: 1_000_000_000 * Money.unitsPerToken)
        try check(
            sum == total && (try supply.money("total")) == total,
            "the parts of the supply sum to 1,000,000,000 OPEN exactly"
        )
    }
}
