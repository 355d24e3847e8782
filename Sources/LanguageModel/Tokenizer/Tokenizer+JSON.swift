// Reads `tokenizer.json`. Every field that changes what a text means is either honoured or refused
// by name.

import JSON

extension Tokenizer {
    package static let fileLimit = 64 << 20

    package init(json bytes: [UInt8]) throws(TokenizerError) {
        let root: JSON
        do {
            root = try JSON.parse(bytes, byteLimit: Self.fileLimit)
        } catch {
            throw .invalidJSON(error)
        }
        guard let file = root.object else { throw .invalidField("tokenizer.json") }
        for field in ["normalizer", "truncation", "padding"] {
            try Self.requireNull(file, field)
        }
        guard let model = file["model"]?.object else { throw .invalidField("model") }
        try Self.checkModel(model)
        let added = try Self.addedTokens(file["added_tokens"])
        let tokens = try Self.vocabulary(model, added)
        // Without one, a byte that the vocabulary lacks vanishes; with one, it would become it.
        if let value = model["unk_token"], value != .null,
            !Set(ByteAlphabet.encodings).isSubset(of: tokens)
        {
            throw Self.unsupported("model.unk_token", value)
        }
        let frame = try Self.frame(file["post_processor"])
        try Self.checkDecoder(file["decoder"])
        try self.init(
            tokens: tokens,
            merges: try Self.merges(model["merges"]),
            added: added,
            rules: Rules(
                steps: try Self.steps(file["pre_tokenizer"]),
                ignoresMerges: model["ignore_merges"]?.bool ?? false,
                prefix: frame.prefix,
                suffix: frame.suffix
            )
        )
    }

    private static func requireNull(_ object: JSONObject, _ field: String) throws(TokenizerError) {
        guard let value = object[field], value != .null else { return }
        throw unsupported(field, value)
    }

    private static func unsupported(_ field: String, _ value: JSON) -> TokenizerError {
        .unsupported(
            field: field,
            value: String(value.compactText.prefix(120))
        )
    }

    private static func checkModel(_ model: JSONObject) throws(TokenizerError) {
        if let type = model["type"], type != "BPE" { throw unsupported("model.type", type) }
        if let value = model["dropout"], value != .null {
            throw unsupported("model.dropout", value)
        }
        for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let value = model[field], value != .null, value != "" {
                throw unsupported("model.\(field)", value)
            }
        }
        if let value = model["byte_fallback"], value != false {
            throw unsupported("model.byte_fallback", value)
        }
    }

    private static func addedTokens(_ value: JSON?) throws(TokenizerError) -> [AddedToken] {
        guard let value, value != .null else { return [] }
        guard let items = value.array else { throw .invalidField("added_tokens") }
        var tokens: [AddedToken] = []
        for item in items {
            guard let item = item.object, let id = identifier(item["id"]),
                let content = item["content"]?.string.map({ Array($0.utf8) })
            else { throw .invalidField("added_tokens") }
            if let value = item["single_word"], value != false {
                throw unsupported("added_tokens.single_word", value)
            }
            tokens.append(
                AddedToken(
                    id: id,
                    content: content,
                    isSpecial: item["special"]?.bool ?? false,
                    stripsLeft: item["lstrip"]?.bool ?? false,
                    stripsRight: item["rstrip"]?.bool ?? false
                )
            )
        }
        return tokens
    }

    private static func identifier(_ value: JSON?) -> UInt32? {
        value?.integer(UInt32.self)
    }

    /// Tokens by id, from the model and from the added tokens, which may repeat the model's.
    private static func vocabulary(
        _ model: JSONObject,
        _ added: [AddedToken]
    ) throws(TokenizerError) -> [[UInt8]] {
        guard let vocabulary = model["vocab"]?.object else { throw .invalidField("model.vocab") }
        let most = vocabulary.count + added.count
        guard most <= vocabularyLimit else {
            throw .overLimit(field: "vocabulary", found: most, limit: vocabularyLimit)
        }
        var byID = [[UInt8]?](repeating: nil, count: most)
        for member in vocabulary.members {
            let token = Array(member.key.utf8)
            guard let id = identifier(member.value) else { throw .invalidField("model.vocab") }
            guard id < most else { throw .missingID(vocabulary.count) }
            guard byID[Int(id)] == nil else { throw .duplicateToken(token) }
            byID[Int(id)] = token
        }
        for token in added {
            guard token.id < most else { throw .missingID(Int(token.id)) }
            let present = byID[Int(token.id)]
            guard present == nil || present == token.content else {
                throw .duplicateToken(token.content)
            }
            byID[Int(token.id)] = token.content
        }
        while let last = byID.last, last == nil { byID.removeLast() }
        var tokens: [[UInt8]] = []
        for (id, token) in byID.enumerated() {
            guard let token else { throw .missingID(id) }
            tokens.append(token)
        }
        return tokens
    }

    /// Merges are pairs of strings or, in older files, one string with a space.
    private static func merges(
        _ value: JSON?
    ) throws(TokenizerError) -> [(left: [UInt8], right: [UInt8])] {
        guard let items = value?.array else { throw .invalidField("model.merges") }
        var merges: [(left: [UInt8], right: [UInt8])] = []
        merges.reserveCapacity(items.count)
        for item in items {
            if let pair = item.array, pair.count == 2, let left = pair[0].string,
                let right = pair[1].string
            {
                merges.append((Array(left.utf8), Array(right.utf8)))
            } else if let text = item.string, let merge = splitMerge(Array(text.utf8)) {
                merges.append(merge)
            } else {
                throw .invalidField("model.merges")
            }
        }
        return merges
    }

    static func splitMerge(_ text: [UInt8]) -> (left: [UInt8], right: [UInt8])? {
        let halves = text.split(separator: 0x20, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        return (Array(halves[0]), Array(halves[1]))
    }
}

extension Tokenizer {
    private static let patterns: [String: PreTokenizerStep] = [
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
        llamaPattern(#"\p{N}{1,3}"#): .llama3(digits: 3),
        llamaPattern(#"\p{N}"#): .llama3(digits: 1),
    ]

    private static func llamaPattern(_ numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    private static func steps(_ value: JSON?) throws(TokenizerError) -> [PreTokenizerStep] {
        guard let value, let object = value.object else { throw .invalidField("pre_tokenizer") }
        switch object["type"] {
        case "Sequence":
            guard let items = object["pretokenizers"]?.array else {
                throw .invalidField("pre_tokenizer.pretokenizers")
            }
            var steps: [PreTokenizerStep] = []
            for item in items { steps += try self.steps(item) }
            return steps
        case "Digits":
            return [object["individual_digits"] == true ? .individualDigits : .contiguousDigits]
        case "ByteLevel":
            guard object["add_prefix_space"] == false else {
                throw .unsupported(field: "pre_tokenizer.add_prefix_space", value: "true")
            }
            return object["use_regex"] == false ? [] : [.gpt2]
        case "Split":
            guard let pattern = object["pattern"]?.object?["Regex"]?.string,
                let step = patterns[pattern], object["behavior"] == "Isolated",
                object["invert"] != true
            else { throw unsupported("pre_tokenizer", value) }
            return [step]
        default: throw unsupported("pre_tokenizer", value)
        }
    }

    private static func checkDecoder(_ value: JSON?) throws(TokenizerError) {
        guard let value, value.object?["type"] == "ByteLevel" else {
            throw unsupported("decoder", value ?? .null)
        }
    }

    /// The ids that the post-processor puts around a single text.
    private static func frame(
        _ value: JSON?
    ) throws(TokenizerError) -> (prefix: [UInt32], suffix: [UInt32]) {
        guard let value, value != .null else { return ([], []) }
        guard let object = value.object else { throw .invalidField("post_processor") }
        switch object["type"] {
        case "ByteLevel": return ([], [])
        case "Sequence":
            var result: (prefix: [UInt32], suffix: [UInt32]) = ([], [])
            for item in object["processors"]?.array ?? [] {
                let inner = try frame(item)
                result = (inner.prefix + result.prefix, result.suffix + inner.suffix)
            }
            return result
        case "TemplateProcessing": return try template(object)
        default: throw unsupported("post_processor", value)
        }
    }

    private static func template(
        _ object: JSONObject
    ) throws(TokenizerError) -> (prefix: [UInt32], suffix: [UInt32]) {
        let field = "post_processor.single"
        guard let single = object["single"]?.array else { throw .invalidField(field) }
        var prefix: [UInt32] = []
        var suffix: [UInt32] = []
        var hasText = false
        for item in single {
            if item.object?["Sequence"]?.object?["id"] == "A", !hasText {
                hasText = true
                continue
            }
            guard let name = item.object?["SpecialToken"]?.object?["id"]?.string,
                let ids = object["special_tokens"]?.object?[name]?.object?["ids"]?.array
            else { throw .invalidField(field) }
            for id in ids {
                guard let id = identifier(id) else { throw .invalidField(field) }
                if hasText { suffix.append(id) } else { prefix.append(id) }
            }
        }
        guard hasText else { throw .invalidField(field) }
        return (prefix, suffix)
    }
}
