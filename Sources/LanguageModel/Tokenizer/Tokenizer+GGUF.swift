// The tokenizer inside a GGUF file: the same vocabulary and merges under `tokenizer.ggml.*`, with
// the pre-tokeniser by name.

extension Tokenizer {
    package init(gguf file: GGUFFile) throws(TokenizerError) {
        let model = try Self.read { () throws(GGUFError) in try file.string("tokenizer.ggml.model")
        }
        guard model == Array("gpt2".utf8) else {
            throw .unsupported(
                field: "tokenizer.ggml.model",
                value: String(decoding: model, as: UTF8.self)
            )
        }
        let steps = try Self.steps(file)
        let tokens = try Self.read { () throws(GGUFError) in
            try file.strings("tokenizer.ggml.tokens")
        }
        var merges: [(left: [UInt8], right: [UInt8])] = []
        for text in try Self.read({ () throws(GGUFError) in
            try file.strings("tokenizer.ggml.merges")
        }) {
            guard let merge = Self.splitMerge(text) else {
                throw .invalidField("tokenizer.ggml.merges")
            }
            merges.append(merge)
        }
        let isLlama = steps == [.llama3(digits: 3)]
        let addsBeginning: Bool
        switch file.value("tokenizer.ggml.add_bos_token") {
        case .bool(let value): addsBeginning = value
        case nil: addsBeginning = isLlama
        default: throw .invalidField("tokenizer.ggml.add_bos_token")
        }
        var prefix: [UInt32] = []
        if addsBeginning {
            let id = try Self.read { () throws(GGUFError) in
                try file.integer("tokenizer.ggml.bos_token_id")
            }
            guard let id = UInt32(exactly: id) else {
                throw .invalidField("tokenizer.ggml.bos_token_id")
            }
            prefix = [id]
        }
        try self.init(
            tokens: tokens,
            merges: merges,
            added: try Self.addedTokens(file, tokens),
            rules: Rules(steps: steps, ignoresMerges: isLlama, prefix: prefix, suffix: [])
        )
    }

    private static func read<Value>(
        _ body: () throws(GGUFError) -> Value
    ) throws(TokenizerError) -> Value {
        do { return try body() } catch { throw .invalidGGUF(error) }
    }

    private static func steps(_ file: GGUFFile) throws(TokenizerError) -> [PreTokenizerStep] {
        let name = try read { () throws(GGUFError) in try file.string("tokenizer.ggml.pre") }
        switch String(decoding: name, as: UTF8.self) {
        case "gpt-2": return [.gpt2]
        case "smollm": return [.individualDigits, .gpt2]
        case "llama-bpe", "llama3": return [.llama3(digits: 3)]
        case let other: throw .unsupported(field: "tokenizer.ggml.pre", value: other)
        }
    }

    /// Types 3 (control) and 4 (user-defined) are cut out of the text; only the first is special.
    private static func addedTokens(
        _ file: GGUFFile,
        _ tokens: [[UInt8]]
    ) throws(TokenizerError) -> [AddedToken] {
        guard case .integers(let types) = file.value("tokenizer.ggml.token_type"),
            types.count == tokens.count
        else { throw .invalidField("tokenizer.ggml.token_type") }
        return types.indices.filter { types[$0] == 3 || types[$0] == 4 }.map {
            AddedToken(
                id: UInt32($0),
                content: tokens[$0],
                isSpecial: types[$0] == 3,
                stripsLeft: false,
                stripsRight: false
            )
        }
    }
}
