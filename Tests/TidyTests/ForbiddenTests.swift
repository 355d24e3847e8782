import Testing

@Suite("Tidy: forbidden words") struct ForbiddenTests {
    struct Rule: Sendable {
        /// Plain words, one of which is in every line that the pattern finds: a line without them
        /// is passed over quickly.
        let words: [String]
        let pattern: String
        let reason: String

        init(_ words: [String], _ pattern: String, _ reason: String) {
            self.words = words
            self.pattern = pattern
            self.reason = reason
        }
    }

    static let everywhere = [
        Rule(["try!"], #"\btry!"#, "a failure is a value, or an argued precondition"),
        Rule(["as!"], #"\bas!"#, "a cast that may fail is checked"),
        Rule(["fatalError"], #"\bfatalError\("#, "bad input is an error"),
        Rule(["unsafeBitCast"], #"\bunsafeBitCast\b"#, "bytes are decoded, not reinterpreted"),
    ]

    /// What no two machines do alike has no place where all machines must agree.
    static let pure = [
        Rule(
            ["import"],
            #"^\s*(package )?import (Foundation|FoundationEssentials|Dispatch|NIO\w*|Logging)\b"#,
            "pure"
        ),
        Rule(
            ["Date", "Clock", "DispatchTime"],
            #"\b(Date|ContinuousClock|SuspendingClock|DispatchTime)\b"#,
            "time is an input"
        ),
        Rule(
            ["SystemRandom", ".random("],
            #"\bSystemRandomNumberGenerator\b|\.random\(\)|\.random\(in:(?!.*using)"#,
            "randomness is an input"
        ),
        Rule(
            ["randomElement", "shuffle"],
            #"\.(randomElement|shuffled|shuffle)\(\)"#,
            "randomness is an input"
        ),
        Rule(
            ["async", "await", "actor", "Task"],
            #"\b(async|await|actor|Task)\b"#,
            "the core is synchronous"
        ),
        Rule(
            ["print(", "debugPrint(", "readLine("],
            #"\b(print|debugPrint|readLine)\("#,
            "the core does no input or output"
        ),
    ]

    static let integral = [
        Rule(
            ["Float", "Double"],
            #"\b(Float|Double|Float16|Float80|CGFloat)\b"#,
            "the chain counts in integers"
        )
    ]

    /// Vectors and models are computed with floats under the rules of docs/numerics.md.
    static let computation: Set = ["JSON", "ExactMath", "LanguageModel", "Attribution", "Jobs"]
    static let core: Set = [
        "Primitives", "Cryptography", "StateTree", "Voting", "Commitments", "Consensus", "Ledger",
        "LightClient", "Replica", "Simulator",
    ]

    static func rules(for file: SourceFile) -> [Rule] {
        guard file.path.hasPrefix("Sources/") else { return [] }
        if core.contains(file.target) { return everywhere + pure + integral }
        if computation.contains(file.target) { return everywhere + pure }
        return everywhere
    }

    static func violations(in file: SourceFile) throws -> [String] {
        var found: [String] = []
        for rule in rules(for: file) {
            let suspects = file.code.indices.filter { line in
                rule.words.contains { file.code[line].contains($0) }
            }
            guard !suspects.isEmpty else { continue }
            let pattern = try Regex(rule.pattern)
            for line in suspects where file.code[line].contains(pattern) {
                found.append("\(file.path):\(line + 1): \(rule.reason): \(file.code[line])")
            }
        }
        return found
    }

    @Test("no source uses what its target has given up")
    func sources() throws {
        for file in Repository.swiftFiles {
            for violation in try Self.violations(in: file) { Issue.record("\(violation)") }
        }
    }

    @Test(
        "what a rule forbids is found",
        arguments: [
            "let a = try! b()", "let a = b as! C", "fatalError(\"x\")", "import Foundation",
            "package import NIOCore", "let now = Date()", "Int.random(in: 0..<3)",
            "list.shuffled()",
            "func f() async {}", "print(1)", "let x: Double = 1",
        ]
    )
    func found(line: String) throws {
        #expect(
            try !Self.violations(in: SourceFile(path: "Sources/Ledger/A.swift", text: line)).isEmpty
        )
    }

    @Test(
        "words in comments and strings, and seeded randomness, are no violation",
        arguments: [
            "// a Double would do", "throw .bad(\"try! this\")", "Int.random(in: 0..<3, using: &g)",
        ]
    )
    func passed(line: String) throws {
        #expect(
            try Self.violations(in: SourceFile(path: "Sources/Ledger/A.swift", text: line)).isEmpty
        )
    }

    @Test("no unfinished work is left behind")
    func markers() {
        let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for file in Repository.swiftFiles {
            for (number, line) in file.lines.enumerated()
            where markers.contains(where: { line.contains($0) }) {
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }
}
