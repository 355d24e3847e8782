import JSON
import LanguageModel
import TestSupport
import Testing

@Suite("Chat templates: refusals") struct ChatTemplateLimitTests {
    static let messages: [JSON] = [["role": "user", "content": "hi"]]

    static func failure(_ source: String) -> ChatTemplateError? {
        do {
            _ = try ChatTemplate(source).render(messages: messages)
            return nil
        } catch {
            return error
        }
    }

    @Test("what the template refuses is told in its own words")
    func refused() {
        #expect(
            Self.failure("a\n{{ raise_exception('roles must ' ~ 'alternate') }}")
                == .refused(line: 2, message: "roles must alternate")
        )
    }

    @Test(
        "what is not Jinja says so with the line",
        arguments: [
            "\n{% if x %}", "\n{{ x", "\n{{ x | }}", "\n{% endif %}", "\n{{ (1 }}", "\n{# x",
            "\n{{ 'x }}", "\n{% for in x %}{% endfor %}", "\n{{ a b }}", "\n{{ 1..2 }}",
            "\n{{ $ }}",
        ]
    )
    func syntax(source: String) {
        guard case .syntax(line: 2, _) = Self.failure(source) else {
            Issue.record("\(source) gives \(String(describing: Self.failure(source)))")
            return
        }
    }

    @Test("what Python raises an error for fails with the line")
    func failed() {
        for source in [
            "{{ missing.field }}", "{{ 1 + 'a' }}", "{{ 1 // 0 }}", "{{ missing() }}",
            "{{ 9223372036854775807 + 1 }}", "{{ [] < {} }}", "{{ {} | tojson | missing }}",
            "{% for a, b in [1, 2] %}{% endfor %}", "{{ missing | tojson }}", "{{ 'a'.nothing() }}",
        ] {
            switch Self.failure("\n" + source) {
            case .failed(line: 2, _), .unsupported(line: 2, _): break
            case let other: Issue.record("\(source) gives \(String(describing: other))")
            }
        }
    }

    @Test(
        "a template that would run or grow without end is stopped",
        arguments: [
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{% set n = namespace(s='ab') %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
            "{% set n = namespace(s=[]) %}{% for a in range(999) %}{% set n.s = [n.s] %}{% endfor %}",
            "{{ 'ab' * 99999999 }}", "{{ range(9999999) }}",
            "{% for a in range(99999) %}{{ 'x' * 999 }}{% endfor %}",
        ]
    )
    func endless(source: String) {
        guard case .overLimit = Self.failure(source) else {
            Issue.record("\(String(describing: Self.failure(source)))")
            return
        }
    }

    @Test("depth is bounded while a template is read")
    func depth() {
        let sources = [
            String(repeating: "{% if x %}", count: 5000),
            "{{ " + String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
                + "}}",
            "{{ " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
                + "}}",
            "{{ 1" + String(repeating: " + 1", count: 5000) + " }}",
            "{{ x" + String(repeating: ".x", count: 5000) + " }}",
            "{{ " + String(repeating: "-", count: 5000) + "1 }}",
            "{{ x" + String(repeating: " | trim", count: 5000) + " }}",
        ]
        for source in sources {
            guard case .overLimit = Self.failure(source) else {
                Issue.record("\(source.prefix(30)): \(String(describing: Self.failure(source)))")
                continue
            }
        }
        #expect(
            Self.failure(String(repeating: "x", count: 1 << 18 + 1))
                == .tooLong(bytes: 1 << 18 + 1, limit: 1 << 18)
        )
    }

    @Test("damaged templates are errors or other texts, never a trap")
    func damage() throws {
        var generator = SeededGenerator(seed: 3)
        let pieces = [
            "{%", "%}", "{{", "}}", "(", "]", "|", " not ", " in ", "-", ".", "[::-1]", "'",
        ]
        for name in ["features", "llama3.1", "qwen3", "mistral-nemo"] {
            let source = try Fixture.bytes("chat/\(name).jinja")
            for _ in 0..<100 {
                var damaged = source
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let start = Int.random(in: 0..<damaged.count, using: &generator)
                    let end = min(damaged.count, start + Int.random(in: 0...9, using: &generator))
                    let piece = pieces.randomElement(using: &generator) ?? ""
                    damaged.replaceSubrange(start..<end, with: Array(piece.utf8))
                }
                _ = try? ChatTemplate(String(decoding: damaged, as: UTF8.self))
                    .render(messages: Self.messages, addGenerationPrompt: true)
            }
        }
    }

    @Test("the date is the caller's, and without one templates fall back to their own")
    func date() throws {
        let template = try ChatTemplate(
            "{{ strftime_now('%d %b %Y, %A') if strftime_now is defined else 'no date' }}"
        )
        let now = TemplateTime(year: 2024, month: 2, day: 29)
        #expect(try template.render(messages: [], now: now) == "29 Feb 2024, Thursday")
        #expect(try template.render(messages: []) == "no date")
    }

    @Test("chat_template.jinja goes before tokenizer_config.json, whose default goes before others")
    func sources() throws {
        let list = """
            {"bos_token":{"content":"<b>"},"eos_token":"</e>","chat_template":[\
            {"name":"tool","template":"T"},{"name":"default","template":"{{ bos_token }}D"}]}
            """
        let configured = try ChatTemplate(jinja: nil, tokenizerConfiguration: Array(list.utf8))
        #expect(try configured?.render(messages: []) == "<b>D")
        #expect(configured?.endToken == "</e>")
        let both = try ChatTemplate(
            jinja: Array("J{{ eos_token }}".utf8),
            tokenizerConfiguration: Array(list.utf8)
        )
        #expect(try both?.render(messages: []) == "J</e>")
        let none = try ChatTemplate(jinja: nil, tokenizerConfiguration: Array("{}".utf8))
        #expect(none.map { _ in true } == nil)
        let gguf = try ChatTemplate(gguf: GGUFFile(Fixture.bytes("tiny.gguf")))
        #expect(gguf.map { _ in true } == nil)
    }
}
