// The tokenizer inside a GGUF file: the same vocabulary under `tokenizer.ggml.*`. Byte-level files
// name their pre-tokeniser; SentencePiece's have scores in place of merges.

extension Tokenizer {
    package init(gguf file: GGUFFile) throws(TokenizerError) {
        let model = try Self.read { () throws(GGUFError) in try file.string("tokenizer.ggml.model")
        }
        let tokens = try Self.read { () throws(GGUFError) in
            try file.strings("tokenizer.ggml.tokens")
        }
        switch String(decoding: model, as: UTF8.self) {
        case "gpt2": try self.init(byteLevel: file, tokens)
        case "llama": try self.init(sentencePiece: file, tokens)
        case let other: throw .unsupported(field: "tokenizer.ggml.model", value: other)
        }
    }

    private init(byteLevel file: GGUFFile, _ tokens: [[UInt8]]) throws(TokenizerError) {
        let rule = try Self.rule(file)
        var merges: [(left: [UInt8], right: [UInt8])] = []
        for text in try Self.read({ () throws(GGUFError) in
            try file.strings("tokenizer.ggml.merges")
        }) {
            guard let merge = Self.splitMerge(text) else {
                throw .invalidField("tokenizer.ggml.merges")
            }
            merges.append(merge)
        }
        try self.init(
            tokens: tokens,
            modelCount: tokens.count,
            merges: merges,
            added: try Self.addedTokens(file, tokens),
            rules: Rules(
                normalizer: TextNormalizer(steps: rule.isComposed ? [.composed] : []),
                words: .byteLevel(rule.steps),
                decoder: .byteLevel,
                ignoresMerges: rule.ignoresMerges,
                fallsBackToBytes: false,
                unknown: nil,
                prefix: try Self.frame(file, "bos", otherwise: rule.addsBeginning),
                suffix: try Self.frame(file, "eos", otherwise: false)
            )
        )
    }

    /// What a name of `tokenizer.ggml.pre` stands for.
    private struct Rule {
        let steps: [PreTokenizerStep]
        var ignoresMerges = false
        var addsBeginning = false
        var isComposed = false
    }

    private static func rule(_ file: GGUFFile) throws(TokenizerError) -> Rule {
        let name = try read { () throws(GGUFError) in try file.string("tokenizer.ggml.pre") }
        switch String(decoding: name, as: UTF8.self) {
        case "gpt-2": return Rule(steps: [.gpt2])
        case "smollm": return Rule(steps: [.individualDigits, .gpt2])
        case "llama-bpe", "llama3", "llama-v3":
            return Rule(steps: [.llama3(digits: 3)], ignoresMerges: true, addsBeginning: true)
        case "qwen2", "deepseek-r1-qwen":
            return Rule(steps: [.llama3(digits: 1)], isComposed: true)
        // "default" is what a converter writes that did not know the model: llama.cpp then splits
        // by a rule that no published tokenizer has, and warns of it.
        case let other: throw .unsupported(field: "tokenizer.ggml.pre", value: other)
        }
    }

    private static func read<Value>(
        _ body: () throws(GGUFError) -> Value
    ) throws(TokenizerError) -> Value {
        do { return try body() } catch { throw .invalidGGUF(error) }
    }

    private static func flag(
        _ file: GGUFFile,
        _ key: String,
        otherwise: Bool
    ) throws(TokenizerError) -> Bool {
        switch file.value(key) {
        case .bool(let value): return value
        case nil: return otherwise
        default: throw .invalidField(key)
        }
    }

    /// The id of `bos` or `eos` where the file wants it put around texts.
    private static func frame(
        _ file: GGUFFile,
        _ name: String,
        otherwise: Bool
    ) throws(TokenizerError) -> [UInt32] {
        guard try flag(file, "tokenizer.ggml.add_\(name)_token", otherwise: otherwise) else {
            return []
        }
        let key = "tokenizer.ggml.\(name)_token_id"
        let id = try read { () throws(GGUFError) in try file.integer(key) }
        guard let id = UInt32(exactly: id) else { throw .invalidField(key) }
        return [id]
    }

    /// The kinds of `tokenizer.ggml.token_type` that matter here.
    private enum Kind {
        static let unknown: Int64 = 2
        static let control: Int64 = 3
        static let userDefined: Int64 = 4
    }

    private static func kinds(
        _ file: GGUFFile,
        _ tokens: [[UInt8]]
    ) throws(TokenizerError) -> [Int64] {
        guard case .integers(let types) = file.value("tokenizer.ggml.token_type"),
            types.count == tokens.count
        else { throw .invalidField("tokenizer.ggml.token_type") }
        return types
    }

    /// Control and user-defined tokens are cut out of the text; only the first are special.
    private static func addedTokens(
        _ file: GGUFFile,
        _ tokens: [[UInt8]]
    ) throws(TokenizerError) -> [AddedToken] {
        let kinds = try kinds(file, tokens)
        return kinds.indices.filter { kinds[$0] == Kind.control || kinds[$0] == Kind.userDefined }
            .map {
                AddedToken(
                    id: UInt32($0),
                    content: tokens[$0],
                    isSpecial: kinds[$0] == Kind.control
                )
            }
    }
}

extension Tokenizer {
    /// SentencePiece joins, of all neighbours that together are a token, those of the highest
    /// score; that is as merges in descending order of score.
    private init(sentencePiece file: GGUFFile, _ tokens: [[UInt8]]) throws(TokenizerError) {
        let kinds = try Self.kinds(file, tokens)
        let scores: [Double]
        switch file.value("tokenizer.ggml.scores") {
        case .reals(let values) where values.count == tokens.count: scores = values
        default: throw .invalidField("tokenizer.ggml.scores")
        }
        var added = try Self.addedTokens(file, tokens)
        let unknown = kinds.firstIndex(of: Kind.unknown).map { UInt32($0) }
        // The unknown token's own text is found as the reference's special token is.
        if let unknown {
            added.append(.init(id: unknown, content: tokens[Int(unknown)], isSpecial: true))
        }
        let prefixes = try Self.flag(file, "tokenizer.ggml.add_space_prefix", otherwise: true)
        let space = SymbolAlphabet.spaceMark
        try self.init(
            tokens: tokens,
            modelCount: tokens.count,
            merges: try Self.merges(tokens, scores),
            added: added,
            rules: Rules(
                normalizer: TextNormalizer(
                    steps: (prefixes ? [.prepend(space)] : []) + [.replace([0x20], with: space)]
                ),
                words: .spaceMarks(.none),
                decoder: .pieces(
                    replacements: [.init(pattern: space, content: [0x20])],
                    hasBytes: true,
                    stripped: prefixes ? 1 : 0
                ),
                ignoresMerges: false,
                fallsBackToBytes: true,
                unknown: unknown.map { .init(id: $0, fuses: true) },
                prefix: try Self.frame(file, "bos", otherwise: true),
                suffix: try Self.frame(file, "eos", otherwise: false)
            )
        )
    }

    /// Longer tokens have no merges: every way to split a token is one.
    private static let mergedTokenLimit = 256

    /// Every way to make a token of two, by score, then by the lengths of the halves in
    /// characters, then by their ids: the order of the reference's converter.
    private static func merges(
        _ tokens: [[UInt8]],
        _ scores: [Double]
    ) throws(TokenizerError) -> [(left: [UInt8], right: [UInt8])] {
        struct Candidate {
            let score: Double
            let leftLength: Int
            let rightLength: Int
            let place: Int
            let left: UInt32
            let right: UInt32

            var ids: (UInt32, UInt32) { (left, right) }
        }
        var ids: [ArraySlice<UInt8>: UInt32] = [:]
        for (id, token) in tokens.enumerated() { ids[token[...]] = UInt32(id) }
        var found: [Candidate] = []
        for (place, token) in tokens.enumerated()
        where (2...mergedTokenLimit).contains(token.count) && scores[place].isFinite {
            let starts = token.indices.filter { $0 > 0 && token[$0] & 0xc0 != 0x80 }
            for (number, start) in starts.enumerated() {
                guard let left = ids[token[..<start]], let right = ids[token[start...]] else {
                    continue
                }
                found.append(
                    Candidate(
                        score: scores[place],
                        leftLength: number + 1,
                        rightLength: starts.count - number,
                        place: place,
                        left: left,
                        right: right
                    )
                )
            }
        }
        found.sort {
            if $0.score != $1.score { return $0.score > $1.score }
            let left = ($0.leftLength, $0.rightLength)
            let right = ($1.leftLength, $1.rightLength)
            if left != right { return left > right }
            return $0.place != $1.place ? $0.place < $1.place : $0.ids < $1.ids
        }
        return found.map { (tokens[Int($0.left)], tokens[Int($0.right)]) }
    }
}
