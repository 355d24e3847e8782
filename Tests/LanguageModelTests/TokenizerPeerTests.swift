import Foundation
import JSON
import LanguageModel
import Testing

/// Tests/Peers/tokenizer_cases.py makes the folder: tokenizers with real vocabularies and what the
/// reference library makes of 10,000 lines.
@Suite("Tokenizer: against the reference library with real vocabularies")
struct TokenizerPeerTests {
    static let folder = ProcessInfo.processInfo.environment["OPENLEDGER_TOKENIZER_CASES"]
        .map { URL(filePath: $0) }
    static let names: [(tokenizer: String, cases: String)] = [
        ("gpt2.tokenizer.json", "gpt2"), ("smollm2.tokenizer.json", "smollm2"),
        ("llama3.tokenizer.json", "llama3"), ("qwen2.tokenizer.json", "qwen2"),
        ("mistral-legacy.tokenizer.json", "mistral-legacy"),
        ("mistral-metaspace.tokenizer.json", "mistral-metaspace"),
        ("mistral-legacy.gguf", "mistral-legacy"), ("odd-tokens.tokenizer.json", "odd-tokens"),
    ]

    static func tokenizer(_ name: String) throws -> Tokenizer? {
        guard let folder,
            let data = FileManager.default.contents(atPath: folder.appending(path: name).path)
        else { return nil }
        let bytes = [UInt8](data)
        return name.hasSuffix(".gguf")
            ? try Tokenizer(gguf: GGUFFile(bytes)) : try Tokenizer(json: bytes)
    }

    @Test("every line has the same ids and the same text", arguments: names)
    func lines(name: (tokenizer: String, cases: String)) throws {
        guard let folder = Self.folder, let tokenizer = try Self.tokenizer(name.tokenizer) else {
            print("skipped: no \(name.tokenizer) in OPENLEDGER_TOKENIZER_CASES")
            return
        }
        let cases = try Data(contentsOf: folder.appending(path: "\(name.cases).cases.jsonl"))
        var count = 0
        var bytes = 0
        var differences = 0
        var time = Duration.zero
        for line in cases.split(separator: 0x0a) {
            let item = try JSON.parse([UInt8](line))
            let text = Array(try #require(item["text"]?.string).utf8)
            let ids = item["ids"]?.array?.compactMap { $0.integer(UInt32.self) } ?? []
            let decoded = item["decoded"]?.string ?? ""
            var found: [UInt32] = []
            time += ContinuousClock().measure { found = tokenizer.encode(text) }
            var stream = StreamingDecoder(tokenizer)
            let streamed = ids.reduce(into: "") { $0 += stream.append($1) } + stream.finish()
            count += 1
            bytes += text.count
            guard found == ids, tokenizer.decode(ids).utf8.elementsEqual(decoded.utf8),
                streamed.utf8.elementsEqual(decoded.utf8)
            else {
                differences += 1
                if differences <= 5 {
                    let start = zip(found, ids).prefix { $0 == $1 }.count
                    Issue.record(
                        """
                        \(String(decoding: text, as: UTF8.self).debugDescription)
                        from \(start): \(found.dropFirst(start).prefix(12)) \
                        instead of \(ids.dropFirst(start).prefix(12))
                        \(tokenizer.decode(ids).debugDescription.prefix(200))
                        """
                    )
                }
                continue
            }
        }
        let seconds = time / .seconds(1)
        let rate = Double(bytes) / seconds / 1e6
        print("\(name.tokenizer): \(count) lines, \(differences) differ, \(rate) MB/s")
        #expect(differences == 0)
    }
}
