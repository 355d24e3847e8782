import Foundation
import JSON
import LanguageModel
import Testing

@Suite("Chat templates") struct ChatTemplateTests {
    static let specialTokens = [
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
    ]
    static let now = TemplateTime(year: 2024, month: 7, day: 6, hour: 13, minute: 5, second: 9)

    static func template(_ source: some Collection<UInt8>) throws -> ChatTemplate {
        try ChatTemplate(Array(source), specialTokens: specialTokens)
    }

    /// The differences between the cases of Tests/Peers/chat_cases.py and what we render.
    static func differences(cases: [UInt8], source: (String) throws -> [UInt8]) throws -> [String] {
        var templates: [String: ChatTemplate] = [:]
        var differences: [String] = []
        for line in cases.split(separator: 0x0a) {
            let item = try JSON.parse(Array(line))
            let name = try #require(item["template"]?.string)
            let label = "\(name) \(item.compactText.prefix(300))"
            do {
                let template = try templates[name] ?? template(source(name))
                templates[name] = template
                let rendered = try template.rendered(
                    messages: try #require(item["messages"]?.array),
                    addGenerationPrompt: item["prompt"]?.bool ?? false,
                    tools: item["tools"]?.array,
                    variables: item["variables"]?.object,
                    now: now
                )
                let text = String(decoding: rendered.text, as: UTF8.self)
                guard let expected = item["text"]?.string else {
                    differences.append(
                        "\(label)\nrendered instead of \(item["error"]?.string ?? "")"
                    )
                    continue
                }
                if !text.utf8.elementsEqual(expected.utf8) {
                    let same = text.commonPrefix(with: expected)
                    differences.append(
                        """
                        \(label)
                        found \(text.dropFirst(same.count).prefix(120).debugDescription)
                        instead of \(expected.dropFirst(same.count).prefix(120).debugDescription)
                        """
                    )
                }
                try compareRanges(item, rendered, &differences)
            } catch let error as ChatTemplateError where item["error"] == nil {
                differences.append("\(label)\n\(error)")
            } catch is ChatTemplateError {}
        }
        return differences
    }

    private static func compareRanges(
        _ item: JSON,
        _ rendered: ChatTemplate.Rendered,
        _ differences: inout [String]
    ) throws {
        guard let ranges = item["generated"]?.array else { return }
        let found = rendered.generated.map { String(decoding: rendered.text[$0], as: UTF8.self) }
        let scalars = Array(String(decoding: rendered.text, as: UTF8.self).unicodeScalars)
        let expected = try ranges.map { range in
            let start = try #require(range.array?.first?.integer(Int.self))
            let end = try #require(range.array?.last?.integer(Int.self))
            return String(String.UnicodeScalarView(scalars[start..<end]))
        }
        if found != expected { differences.append("\(found) generated instead of \(expected)") }
    }

    @Test("texts are those of the reference environment for every published template")
    func reference() throws {
        let differences = try Self.differences(cases: Fixture.bytes("chat/cases.jsonl")) {
            try Fixture.bytes("chat/\($0).jinja")
        }
        for difference in differences.prefix(10) { Issue.record("\(difference)") }
        #expect(differences.isEmpty)
    }

    @Test("texts are those of the reference environment for a folder of templates")
    func folder() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let cases = environment["OPENLEDGER_CHAT_CASES"],
            let folder = environment["OPENLEDGER_CHAT_TEMPLATES"]
        else {
            print("skipped: no OPENLEDGER_CHAT_CASES; Tests/Peers/chat_cases.py makes them")
            return
        }
        let data = [UInt8](try Data(contentsOf: URL(filePath: cases)))
        let differences = try Self.differences(cases: data) {
            [UInt8](try Data(contentsOf: URL(filePath: folder).appending(path: "\($0).jinja")))
        }
        let count = data.count { $0 == 0x0a }
        print("\(count) cases, \(differences.count) differ")
        for difference in differences.prefix(400) { print("DIFF", difference) }
    }
}
