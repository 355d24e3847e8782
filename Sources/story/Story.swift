import Foundation
import JSON

/// The state of the telling: who takes part, what exists on the chain so far, what was measured.
struct Story {
    static let titles = [
        "Four validators start and finalise blocks",
        "Three contributors fill a Datanet, and a copier tries to",
        "A builder trains a LoRA adapter and commits it",
        "Validators re-run samples on their own machines",
        "A dishonest builder is caught",
        "A user asks, and the contributors are paid",
        "Everyone can check",
        "Who earned what",
    ]

    let screen: Screen
    let tool: Tool
    let home: URL
    let project: URL
    let model: StoryCommand.Model
    var report = Report()

    // What exists so far; each step fills in its own.
    var keys = ""
    var people = Cast(people: [])
    var validators: [Validator] = []
    var nodes: [String: Process] = [:]
    var datanet = ""
    var screeningClaim = ""
    var snapshot = ""
    var baseModel = ""
    var adapter = ""
    var adapterFolder = ""
    var serving: RPCClient?
    var servedName = ""
    var channel = ""
    var asked: [(subject: String, prompt: String, receipt: String)] = []
    var answerTokens = 0
    var settlement = ""
    var queries: [JSON] = []
    var balances: [String: Money] = [:]

    /// Tells the steps in order.
    /// - Returns: how many were told to the end.
    mutating func tell() async -> Int {
        let steps: [(inout Story) async throws -> Void] = [
            { try await $0.startNetwork() }, { try await $0.fillDatanet() },
            { try await $0.trainAdapter() }, { try await $0.verifyAdapter() },
            { try await $0.catchTheCheat() }, { try await $0.serveAndSettle() },
            { try await $0.checkFromOutside() }, { try await $0.closeTheBooks() },
        ]
        for (index, step) in steps.enumerated() {
            let title = Self.titles[index]
            screen.heading(index + 1, of: steps.count, title)
            report.begin(title)
            let began = ContinuousClock.now
            do {
                try await step(&self)
            } catch {
                screen.failed("\(error)")
                screen.note("logs: \(tool.logs.path)")
                return index
            }
            let seconds = Self.seconds(ContinuousClock.now - began)
            report.end(after: seconds)
            screen.faint("\((seconds * 10).rounded() / 10) s")
        }
        return steps.count
    }

    /// States a fact of the story; the story ends if it does not hold.
    func check(_ holds: Bool, _ sentence: String) throws {
        guard holds else { throw StoryFailure("this should hold and does not: \(sentence)") }
        screen.checked(sentence)
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
