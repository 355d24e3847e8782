import ArgumentParser
import Foundation
import JSON
import Node

/// Looks at a home, its machine and its node, and says what to do about what it finds.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a home, its machine and its node, and say what to do.",
        discussion: """
            Each line is ok, warn or fail. The command ends with 1 if anything fails. What only one \
            process can look at (the database) is checked when no node runs on the home.
            """
    )
    @Option(help: "How many of the last blocks to read; 0 reads all.") var blocks: UInt64 = 1_000
    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let findings = await Examination(home: NodeHome(path: home.path), blocks: blocks).findings()
        switch output.output {
        case .json:
            output.show(
                .array(
                    findings.map {
                        [
                            "verdict": .string($0.verdict.rawValue), "check": .string($0.check),
                            "finding": .string($0.sentence),
                        ]
                    }
                )
            )
        case .text:
            let width = findings.map(\.check.count).max() ?? 0
            for finding in findings {
                let word = finding.verdict.rawValue.padding(
                    toLength: 4,
                    withPad: " ",
                    startingAt: 0
                )
                let check = finding.check.padding(toLength: width, withPad: " ", startingAt: 0)
                print("\(word)  \(check)  \(finding.sentence)")
            }
        }
        let failed = findings.filter { $0.verdict == .fail }.count
        guard failed == 0 else {
            throw CommandFailure(.failed, "\(failed) of \(findings.count) checks failed")
        }
    }
}

/// One line of an examination.
struct Finding: Sendable {
    enum Verdict: String, Sendable { case ok, warn, fail }

    let verdict: Verdict
    let check: String
    /// What is so, and what to do if it is not well.
    let sentence: String

    static func ok(_ check: String, _ sentence: String) -> Finding {
        Finding(verdict: .ok, check: check, sentence: sentence)
    }

    static func warn(_ check: String, _ sentence: String) -> Finding {
        Finding(verdict: .warn, check: check, sentence: sentence)
    }

    static func fail(_ check: String, _ sentence: String) -> Finding {
        Finding(verdict: .fail, check: check, sentence: sentence)
    }
}
