import LanguageModel
import Testing

@Suite("Patterns of module names") struct ModulePatternTests {
    // The expectations are Python's `re.fullmatch`.
    @Test(
        "a pattern matches what Python's re matches",
        arguments: [
            (#".*\.layers\.[01]\..*(q|up)_proj"#, "model.layers.1.mlp.up_proj", true),
            (#".*\.layers\.[01]\..*(q|up)_proj"#, "model.layers.2.mlp.up_proj", false),
            (#".*\.layers\.[01]\..*(q|up)_proj"#, "model.layers.1.mlp.up_projx", false),
            (
                #"model\.layers\.\d+\.self_attn\.(?:q|k)_proj"#, "model.layers.12.self_attn.k_proj",
                true
            ),
            (
                #"model\.layers\.\d+\.self_attn\.(?:q|k)_proj"#, "model.layers.x.self_attn.k_proj",
                false
            ),
            (#"^.*\.(?P<name>c_attn|c_fc)$"#, "transformer.h.0.mlp.c_fc", true),
            (#"a{2,3}b?"#, "aaa", true), (#"a{2,3}b?"#, "aaaa", false), (#"a{2,3}b?"#, "ab", false),
            (#"a{2}"#, "aa", true), (#"a{2,}"#, "aaaaa", true), (#"a{2,}"#, "a", false),
            (#"[^0-9.]+"#, "abc", true), (#"[^0-9.]+"#, "a1c", false),
            (#"[]a-c-]+"#, "b]-", true), (#"(a*)*b"#, "aaab", true), (#"a+?"#, "aaa", true),
            (#"\w+\.\S+"#, "x_1.y.z", true), (#"a|b|"#, "", true), (#"a|b|"#, "ab", false),
            (#"a$b"#, "ab", false), (#""#, "", true), (#"(a|ab)(c|bcd)"#, "abcd", true),
        ]
    )
    func matching(_ pattern: String, _ path: String, _ expected: Bool) throws {
        #expect(try ModulePattern(pattern).matches(path) == expected)
    }

    @Test("a pattern that would take a backtracking matcher centuries ends at once")
    func bounded() throws {
        let pattern = try ModulePattern("(a+)+(a|aa)*$")
        #expect(!pattern.matches(String(repeating: "a", count: 200) + "b"))
    }

    @Test(
        "what is outside the grammar is refused where it stands",
        arguments: [
            ("a(?=b)", 1), ("a**", 2), ("a*+", 2), ("*a", 0), (#"\bq"#, 0), (#"(a)\1"#, 3),
            ("[a", 0), ("(a", 0), ("a)", 1), ("é", 0), ("a{x}", 1), ("a{3,2}", 1), ("[z-a]", 1),
        ]
    )
    func refusals(_ pattern: String, _ offset: Int) {
        #expect(throws: ModulePattern.Failure.unsupported(offset: offset)) {
            try ModulePattern(pattern)
        }
    }

    @Test("patterns have a limit of length and of size")
    func limits() {
        #expect(throws: ModulePattern.Failure.tooLong(limit: 1_024)) {
            try ModulePattern(String(repeating: "a", count: 1_025))
        }
        #expect(throws: ModulePattern.Failure.tooLong(limit: 4_096)) {
            try ModulePattern("((a{99}){99}){99}")
        }
        #expect(throws: ModulePattern.Failure.tooLong(limit: 4_096)) {
            try ModulePattern("a{2000}")
        }
    }
}
