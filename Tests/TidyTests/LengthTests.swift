import Testing

@Suite("Tidy: lengths") struct LengthTests {
    static let fileLimit = 500
    static let functionLimit = 60

    @Test("no file is longer than 500 lines")
    func files() {
        #expect(Repository.swiftFiles.count > 30, "the walk has found the sources")
        for file in Repository.swiftFiles {
            #expect(file.lines.count <= Self.fileLimit + 1, "\(file.path)")
        }
    }

    @Test("no function is longer than 60 lines")
    func functions() {
        for file in Repository.swiftFiles {
            for function in Self.functions(in: file) where function.length > Self.functionLimit {
                Issue.record("\(file.path):\(function.line) has \(function.length) lines")
            }
        }
    }

    @Test("a function is measured from its name to its closing brace")
    func measure() {
        let file = SourceFile(
            path: "Sources/A/A.swift",
            text: """
                protocol P {
                    func requirement(
                        a: Int
                    ) throws -> Int
                    func other()
                }
                struct S: P {
                    func requirement(
                        a: Int
                    ) throws -> Int
                    where Int: Sendable {
                        print("}")  // }
                        if a > 0 { return 1 }
                        return 2
                    }
                    func other() {}
                    init() {
                    }
                }
                """
        )
        #expect(Self.functions(in: file).map(\.line) == [8, 16, 17])
        #expect(Self.functions(in: file).map(\.length) == [8, 1, 2])
    }

    /// Where each function with a body begins (from 1) and how many lines it takes.
    static func functions(in file: SourceFile) -> [(line: Int, length: Int)] {
        let code = file.code
        return code.indices.compactMap { start in
            guard ["func ", "init", "subscript"].contains(where: { code[start].contains($0) }),
                code[start].contains(
                    /^\s*(?:[a-z@()]+\s+)*(?:func\s|init[?(<]|subscript[(<]|deinit\b)/
                ),
                let end = lastLine(of: start, in: code)
            else { return nil }
            return (start + 1, end - start + 1)
        }
    }

    private static func lastLine(of start: Int, in code: [String]) -> Int? {
        var parentheses = 0
        var braces = 0
        for line in start..<code.count {
            for character in code[line] {
                switch character {
                case "(": parentheses += 1
                case ")": parentheses -= 1
                case "{": braces += 1
                case "}":
                    braces -= 1
                    if braces == 0 { return line }
                    if braces < 0 { return nil }
                default: break
                }
            }
            let signatureGoesOn =
                line + 1 < code.count
                && code[line + 1].contains(/^\s*(?:where\b|->|throws|async|\{|\))/)
            if braces == 0, parentheses == 0, !signatureGoesOn { return nil }
        }
        return nil
    }
}
