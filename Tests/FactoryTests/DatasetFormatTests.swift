import Commitments
import Factory
import Foundation
import JSON
import LanguageModel
import TestSupport
import Testing

/// The files are made by Tests/Peers/make_dataset_fixtures.py.
@Suite("Dataset formats") struct DatasetFormatTests {
    static func fixture(_ name: String) throws -> [UInt8] {
        let folder = Bundle.module.bundleURL.appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func texts(_ dataset: Dataset) -> [[String]] {
        dataset.records.map { record in
            [record.prompt, record.completion].map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(
        "Parquet files hold the same records as JSON",
        arguments: ["snappy", "snappy-v2", "gzip-v2", "plain"]
    )
    func parquet(name: String) throws {
        for (kind, count) in [("pairs", 48), ("chats", 20)] {
            let expected = try Dataset(Self.fixture("\(kind).json"))
            let found = try Dataset(Self.fixture("\(kind)-\(name).parquet"))
            #expect(expected.format == .jsonArray)
            #expect(found.format == .parquet)
            #expect(found.records.count == count)
            #expect(Self.texts(found) == Self.texts(expected))
            #expect(found.skipped.count == expected.skipped.count)
        }
    }

    @Test("rows of Parquet are counted from 1, over all groups")
    func parquetRows() throws {
        let dataset = try Dataset(Self.fixture("pairs-plain.parquet"))
        #expect(dataset.lines == (1...60).filter { $0 % 5 != 1 })
        #expect(dataset.skipped.map(\.line) == (1...60).filter { $0 % 5 == 1 })
    }

    @Test("a compression that is not read is refused by name")
    func zstd() throws {
        #expect(throws: DatasetError.parquet(.unsupported("Zstandard compression"))) {
            try Dataset(Self.fixture("pairs-zstd.parquet"))
        }
    }

    @Test("damaged Parquet files are errors or other records, never a trap")
    func damage() throws {
        var generator = SeededGenerator(seed: 11)
        for name in ["pairs-snappy", "chats-gzip-v2", "pairs-plain", "chats-snappy-v2"] {
            let whole = try Self.fixture("\(name).parquet")
            for _ in 0..<150 {
                var bytes = whole
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: 4..<bytes.count, using: &generator)
                    bytes[place] = UInt8.random(in: 0...255, using: &generator)
                }
                if Bool.random(using: &generator) {
                    bytes.removeSubrange(Int.random(in: 4..<bytes.count, using: &generator)...)
                    bytes += Array(whole.suffix(8))
                }
                _ = try? Dataset(bytes)
            }
        }
    }

    @Test("CSV has the same records as JSON")
    func csv() throws {
        let expected = try Dataset(Self.fixture("pairs.json"))
        let found = try Dataset(Self.fixture("pairs.csv"))
        #expect(found.format == .csv)
        #expect(Self.texts(found) == Self.texts(expected))
        #expect(found.skipped.count == 12)
    }

    @Test("CSV keeps quotes, commas and line breaks, and counts lines of the file")
    func csvRows() throws {
        let text =
            "text,other\r\n\"a \"\"b\"\", c\nd\",1\r\n\r\nplain,2\r\nx\r\n\"open\"x,3\nlast,4\n\"never"
        let dataset = try Dataset(Array(text.utf8))
        #expect(Self.texts(dataset).map(\.[1]) == ["a \"b\", c\nd", "plain", "last"])
        #expect(dataset.lines == [2, 5, 8])
        #expect(dataset.skipped.map(\.line) == [4, 6, 7, 9])
        #expect(
            dataset.skipped.map(\.reason)
                == [.blank, .columns(found: 1, expected: 2), .quote, .quote]
        )
    }

    @Test("a conversation may stand in a CSV cell")
    func csvConversation() throws {
        let text = #"""
            messages
            "[{""role"":""user"",""content"":""q""},{""role"":""assistant"",""content"":""a""}]"
            """#
        #expect(try Self.texts(Dataset(Array(text.utf8))).map(\.[1]) == ["a"])
    }

    @Test("a broken element of a JSON array hides no other")
    func array() throws {
        let text = "\n[{\"text\":\"a]\\\"\"},\n {\"text\": },\n 7,\n{\"text\":\"b\"}"
        let dataset = try Dataset(Array(text.utf8))
        #expect(Self.texts(dataset).map(\.[1]) == ["a]\"", "b"])
        #expect(dataset.lines == [2, 5])
        #expect(dataset.skipped.map(\.line) == [3, 4, 5])
        #expect(dataset.skipped.last?.reason == .invalidJSON("the array is not closed"))
    }

    static let chat = """
        {"messages":[{"role":"system","content":"s"},{"role":"user","content":"q1"},\
        {"role":"assistant","content":"a1"},{"role":"user","content":"q2"},\
        {"role":"assistant","content":"a2"}]}
        """

    @Test("every answer of a conversation can become a record")
    func everyAnswer() throws {
        let dataset = try Dataset(Array(Self.chat.utf8), options: .init(answers: .every))
        #expect(Self.texts(dataset).map(\.[1]) == ["a1", "a2"])
        #expect(dataset.lines == [1, 1])
        #expect(
            Self.texts(dataset)[1][0].hasSuffix(
                "a1<|im_end|>\n<|im_start|>user\nq2<|im_end|>\n<|im_start|>assistant\n"
            )
        )
        let excluded = Self.chat.replacing(#""content":"a1""#, with: #""content":"a1","weight":0"#)
        let trained = try Dataset(Array(excluded.utf8), options: .init(answers: .every))
        #expect(Self.texts(trained).map(\.[1]) == ["a2"])
    }

    @Test("a chat template writes the prompt, and the answer up to the model's end token")
    func template() throws {
        let source = """
            {% for m in messages %}[{{ m.role }}] {{ m.content | trim }}</s>
            {% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}
            """
        let options = DatasetOptions(
            template: try ChatTemplate(source),
            endOfAnswer: "</s>"
        )
        #expect(
            try Self.texts(Dataset(Array(Self.chat.utf8), options: options)) == [
                [
                    "[system] s</s>\n[user] q1</s>\n[assistant] a1</s>\n[user] q2</s>\n[assistant]",
                    " a2",
                ]
            ]
        )
        let alpaca = #"{"system":"s","instruction":"i","input":"x","output":"o"}"#
        #expect(
            try Self.texts(Dataset(Array(alpaca.utf8), options: options)) == [
                ["[system] s</s>\n[user] i\nx</s>\n[assistant]", " o"]
            ]
        )
        let refusing = DatasetOptions(template: try ChatTemplate("{{ raise_exception('no') }}"))
        #expect(throws: DatasetError.self) {
            try Dataset(Array(Self.chat.utf8), options: refusing)
        }
    }

    @Test("Alpaca's system and history, and ShareGPT's system, come before the question")
    func context() throws {
        let alpaca =
            #"{"system":"s","history":[["q","a"]],"instruction":"i","input":"","output":"o"}"#
        #expect(try Self.texts(Dataset(Array(alpaca.utf8))) == [["s\nq\na\ni\n", "o"]])
        let share =
            #"{"system":"s","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}"#
        #expect(
            try Self.texts(Dataset(Array(share.utf8)))[0][0].hasPrefix(
                "<|im_start|>system\ns<|im_end|>"
            )
        )
    }
}
