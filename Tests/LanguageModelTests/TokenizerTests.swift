import Foundation
import JSON
import LanguageModel
import TestSupport
import Testing

@Suite("Tokenizer") struct TokenizerTests {
    struct Case {
        let text: String
        let ids: [UInt32]
        let decoded: String
    }

    static func cases(_ name: String) throws -> [Case] {
        try #require(Fixture.json("\(name).cases.json").array).map {
            Case(
                text: try #require($0["text"]?.string),
                ids: try #require($0["ids"]?.array).compactMap { $0.integer(UInt32.self) },
                decoded: try #require($0["decoded"]?.string)
            )
        }
    }

    @Test(
        "ids and text agree with the reference library",
        arguments: ["gpt2", "smollm", "llama3"]
    )
    func reference(name: String) throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("\(name).tokenizer.json"))
        let cases = try Self.cases(name)
        #expect(cases.count > 80)
        for item in cases {
            #expect(tokenizer.encode(item.text) == item.ids, "\(item.text.debugDescription)")
            let decoded = tokenizer.decode(item.ids)
            #expect(decoded.utf8.elementsEqual(item.decoded.utf8), "\(item.ids)")
        }
    }

    @Test("the vocabulary in a GGUF file gives the same ids")
    func gguf() throws {
        let tokenizer = try Tokenizer(gguf: GGUFFile(Fixture.bytes("tiny.gguf")))
        for item in try Self.cases("smollm") {
            #expect(tokenizer.encode(item.text) == item.ids, "\(item.text.debugDescription)")
        }
    }

    @Test("text without special tokens survives a round trip byte for byte")
    func roundTrip() throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("llama3.tokenizer.json"))
        for item in try Self.cases("llama3") {
            let ids = tokenizer.encode(item.text, addsSpecial: false)
            #expect(tokenizer.bytes(of: ids, skipsSpecial: false) == Array(item.text.utf8))
        }
    }

    @Test("a stream's pieces are the text of the whole", arguments: ["gpt2", "llama3"])
    func streaming(name: String) throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("\(name).tokenizer.json"))
        var generator = SeededGenerator(seed: 7)
        let random = (0..<50).map { _ in
            (0..<20).map { _ in
                UInt32.random(in: 3..<UInt32(tokenizer.vocabularyCount), using: &generator)
            }
        }
        for ids in try Self.cases(name).map(\.ids) + random {
            var decoder = StreamingDecoder(tokenizer)
            var text = ""
            for id in ids { text += decoder.append(id) }
            text += decoder.finish()
            #expect(text.utf8.elementsEqual(tokenizer.decode(ids).utf8), "\(ids)")
        }
    }

    @Test("a character of several tokens appears when it is whole")
    func held() throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("gpt2.tokenizer.json"))
        let ids = tokenizer.encode("\u{10400}")
        var decoder = StreamingDecoder(tokenizer)
        let pieces = ids.map { decoder.append($0) }
        #expect(ids.count > 1)
        #expect(pieces == [String](repeating: "", count: ids.count - 1) + ["\u{10400}"])
        #expect(decoder.finish() == "")
    }

    @Test("a word of 64 KiB is encoded in a time that grows like its length")
    func longWord() throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("gpt2.tokenizer.json"))
        let word = [UInt8](repeating: 0x61, count: 65_536)
        #expect(tokenizer.bytes(of: tokenizer.encode(word)) == word)
    }

    @Test("bytes that are no UTF-8 encode as the replacement character")
    func invalidText() throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("gpt2.tokenizer.json"))
        #expect(tokenizer.encode([0x61, 0xff, 0x62]) == tokenizer.encode("a\u{fffd}b"))
    }

    @Test("ids that the vocabulary does not have stand for nothing")
    func unknownIDs() throws {
        let tokenizer = try Tokenizer(json: Fixture.bytes("gpt2.tokenizer.json"))
        #expect(tokenizer.decode([400, .max]) == "")
    }

    /// A document with one thing changed.
    static func refusal(replacing old: String, with new: String) throws -> TokenizerError? {
        let text = String(decoding: try Fixture.bytes("smollm.tokenizer.json"), as: UTF8.self)
        #expect(text.contains(old), "the replaced text occurs")
        do {
            _ = try Tokenizer(json: Array(text.replacing(old, with: new, maxReplacements: 1).utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("what would change the meaning of text and is not supported is refused by name")
    func unsupported() throws {
        #expect(
            try Self.refusal(
                replacing: #""normalizer":null"#,
                with: #""normalizer":{"type":"NFC"}"#
            )
                == .unsupported(field: "normalizer", value: #"{"type":"NFC"}"#)
        )
        #expect(
            try Self.refusal(replacing: #""dropout":null"#, with: #""dropout":0.1"#)
                == .unsupported(field: "model.dropout", value: "0.1")
        )
        #expect(
            try Self.refusal(replacing: #""type":"Digits""#, with: #""type":"Metaspace""#) != nil
        )
        #expect(
            try Self.refusal(replacing: #""type":"BPE""#, with: #""type":"Unigram""#)
                == .unsupported(field: "model.type", value: "\"Unigram\"")
        )
        #expect(
            try Self.refusal(
                replacing: #"add_prefix_space":false"#,
                with: #"add_prefix_space":true"#
            )
                == .unsupported(field: "pre_tokenizer.add_prefix_space", value: "true")
        )
    }

    @Test("inconsistent vocabularies are refused")
    func inconsistent() throws {
        #expect(try Self.refusal(replacing: #""!":3"#, with: #""!":4"#) != nil)
        #expect(try Self.refusal(replacing: #""!":3"#, with: #""!":4000000000"#) != nil)
        #expect(
            try Self.refusal(replacing: #""merges":["#, with: #""merges":["q x","#)
                == .unknownMerge(0)
        )
        #expect(
            try Self.refusal(replacing: #""merges":["#, with: #""merges":[7,"#)
                == .invalidField("model.merges")
        )
    }

    @Test("thousands of strings through SmolLM2's vocabulary agree with the reference library")
    func smolLM2Cases() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let path = environment["OPENLEDGER_SMOLLM2_CASES"],
            let data = FileManager.default.contents(atPath: path),
            let model = FileManager.default.contents(atPath: Self.smolLM2Path)
        else {
            print("skipped: no OPENLEDGER_SMOLLM2_CASES; Tests/Peers/smollm2_cases.py makes them")
            return
        }
        let tokenizer = try Tokenizer(gguf: GGUFFile([UInt8](model)))
        var differences = 0
        for item in try #require(JSON.parse([UInt8](data)).array) {
            let text = try #require(item["text"]?.string)
            let ids = item["ids"]?.array?.compactMap { $0.integer(UInt32.self) } ?? []
            let found = tokenizer.encode(text)
            let decoded = tokenizer.decode(ids)
            guard found == ids, decoded.utf8.elementsEqual((item["decoded"]?.string ?? "").utf8)
            else {
                differences += 1
                let points = text.unicodeScalars.map { String($0.value, radix: 16) }
                if differences < 10 { Issue.record("\(points) \(found) \(ids)") }
                continue
            }
        }
        #expect(differences == 0)
    }

    static var smolLM2Path: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["OPENLEDGER_CACHE"] ?? NSHomeDirectory() + "/.cache/openledger"
        return cache + "/SmolLM2-135M-Instruct.Q4_1.gguf"
    }

    @Test("SmolLM2's own vocabulary gives the ids seen elsewhere")
    func smolLM2() throws {
        let path = Self.smolLM2Path
        guard let data = FileManager.default.contents(atPath: path) else {
            print("skipped: no SmolLM2 at \(path); make fetch-smollm2 brings it")
            return
        }
        let file = try GGUFFile([UInt8](data))
        let tokenizer = try Tokenizer(gguf: file)
        #expect(
            tokenizer.encode("I'm 1234 years  old\n\n\n  ok ")
                == [57, 5248, 216, 33, 34, 35, 36, 929, 216, 1573, 1116, 3805, 10907, 216]
        )
        let model = try GGUFModel(file)
        #expect(model.configuration.vocabulary == 49152)
        #expect(model.configuration.headDimension == 64)
        #expect(
            tokenizer.decode([504, 3575, 282, 4649, 314, 7042, 30, 2])
                == "The capital of France is Paris."
        )
    }
}
