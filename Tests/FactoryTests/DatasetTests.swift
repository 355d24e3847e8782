import Commitments
import Factory
import Foundation
import Testing

@Suite("Datasets") struct DatasetTests {
    static func parts(_ row: String) throws -> [String] {
        let record = try #require(try Dataset(jsonLines: Array(row.utf8)).records.first)
        return [record.prompt, record.completion].map { String(decoding: $0, as: UTF8.self) }
    }

    static func reason(_ row: String) -> SkippedRow.Reason? {
        do {
            _ = try Dataset(jsonLines: Array(row.utf8))
            return nil
        } catch .empty(let skipped) {
            return skipped.first?.reason
        } catch {
            return nil
        }
    }

    @Test("the usual shapes of rows become prompt and completion")
    func shapes() throws {
        #expect(try Self.parts(#"{"prompt":"a","completion":" b"}"#) == ["a", " b"])
        #expect(try Self.parts(#"{"prompt":"","completion":"b"}"#) == ["", "b"])
        #expect(try Self.parts(#"{"text":"a\nb"}"#) == ["", "a\nb"])
        #expect(
            try Self.parts(#"{"instruction":"do","input":"it","output":"done"}"#)
                == ["do\nit\n", "done"]
        )
        #expect(
            try Self.parts(#"{"instruction":"do","input":null,"output":"done"}"#)
                == ["do\n", "done"]
        )
        let chat = """
            {"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yo"},\
            {"role":"user","content":"so?"},{"role":"assistant","content":"bye"}]}
            """
        let prompt = """
            <|im_start|>user
            hi<|im_end|>
            <|im_start|>assistant
            yo<|im_end|>
            <|im_start|>user
            so?<|im_end|>
            <|im_start|>assistant

            """
        #expect(try Self.parts(chat) == [prompt, "bye"])
        #expect(
            try Self.parts(
                #"{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}"#
            ) == ["<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "a"]
        )
    }

    @Test("rows that yield no record say why")
    func reasons() {
        #expect(Self.reason(" \t\r\n") == .blank)
        #expect(Self.reason("[1]") == .notAnObject("an array"))
        #expect(Self.reason(#"{"a":1}"#) == .unknownShape(keys: ["a"]))
        #expect(Self.reason(#"{"prompt":"a"}"#) == .missingField("completion"))
        #expect(Self.reason(#"{"completion":"a"}"#) == .missingField("prompt"))
        #expect(
            Self.reason(#"{"text":7}"#) == .wrongKind(field: "text", found: "a number")
        )
        #expect(Self.reason(#"{"text":" "}"#) == .emptyField("text"))
        #expect(
            Self.reason(#"{"messages":[{"role":"user","content":"a"}]}"#) == .noAnswer
        )
        #expect(
            Self.reason(#"{"messages":[{"role":"tool","content":"a"}]}"#) == .unknownRole("tool")
        )
        guard case .invalidJSON = Self.reason(#"{"text":"a""#) else {
            Issue.record("bad JSON was read")
            return
        }
        guard case .invalidJSON = Self.reason(#"{"text":"a","text":"b"}"#) else {
            Issue.record("a key was read twice")
            return
        }
    }

    @Test("a record of the longest size is read, and one byte more is refused with both numbers")
    func length() throws {
        let most = String(repeating: "x", count: 65_536)
        #expect(try Self.parts(#"{"text":"\#(most)"}"#) == ["", most])
        #expect(
            Self.reason(#"{"text":"\#(most)x"}"#) == .tooLong(bytes: 65_537, limit: 65_536)
        )
    }

    @Test("skipped rows keep their line numbers, and good rows theirs")
    func lines() throws {
        let text = "\n{\"text\":\"a\"}\r\nnope\n{\"text\":\"b\"}\n\n"
        let dataset = try Dataset(jsonLines: Array(text.utf8))
        #expect(dataset.lines == [2, 4])
        #expect(dataset.skipped.map(\.line) == [1, 3, 5])
        #expect(dataset.skipped[0].description == "line 1: the row is blank")
    }

    @Test("a dataset without rows, or without usable rows, is an error")
    func empty() {
        #expect(throws: DatasetError.empty(skipped: [])) { try Dataset(jsonLines: []) }
        #expect(throws: DatasetError.self) { try Dataset(jsonLines: Array("\n\n".utf8)) }
        #expect(throws: DatasetError.self) {
            try Dataset(contentsOf: URL(filePath: "/nonexistent/rows.jsonl"))
        }
    }
}
