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
        for field in ["truncation", "padding"] { try Self.requireNull(file, field) }
        guard let model = file["model"]?.object else { throw .invalidField("model") }
        try Self.checkModel(model)
        let added = try Self.addedTokens(file["added_tokens"])
        let (tokens, modelCount) = try Self.vocabulary(model, added)
        let frame = try Self.frame(file["post_processor"])
        let words = try Self.words(file["pre_tokenizer"])
        let fallsBack = try Self.flag(model, "byte_fallback", in: "model")
        if words.isByteLevel, fallsBack {
            throw Self.unsupported("model.byte_fallback", true)
        }
        let decoder = try Self.decoder(file["decoder"])
        guard (decoder == .byteLevel) == words.isByteLevel else {
            throw Self.unsupported("decoder", file["decoder"] ?? .null)
        }
        try self.init(
            tokens: tokens,
            modelCount: modelCount,
            merges: try Self.merges(model["merges"]),
            added: added,
            rules: Rules(
                normalizer: TextNormalizer(steps: try Self.normalizer(file["normalizer"])),
                words: words,
                decoder: decoder,
                ignoresMerges: try Self.flag(model, "ignore_merges", in: "model"),
                fallsBackToBytes: fallsBack,
                unknown: try Self.unknown(model, tokens),
                prefix: frame.prefix,
                suffix: frame.suffix
            )
        )
    }

    private static func unknown(
        _ model: JSONObject,
        _ tokens: [[UInt8]]
    ) throws(TokenizerError) -> SymbolAlphabet.Unknown? {
        guard let value = model["unk_token"], value != .null else { return nil }
        guard let text = value.string, let id = tokens.firstIndex(of: Array(text.utf8)) else {
            throw unsupported("model.unk_token", value)
        }
        return .init(id: UInt32(id), fuses: try flag(model, "fuse_unk", in: "model"))
    }

    /// False where the field is absent or null.
    static func flag(
        _ object: JSONObject,
        _ field: String,
        in parent: String
    ) throws(TokenizerError) -> Bool {
        guard let value = object[field], value != .null else { return false }
        guard let flag = value.bool else { throw .invalidField("\(parent).\(field)") }
        return flag
    }

    private static func requireNull(_ object: JSONObject, _ field: String) throws(TokenizerError) {
        guard let value = object[field], value != .null else { return }
        throw unsupported(field, value)
    }

    static func unsupported(_ field: String, _ value: JSON) -> TokenizerError {
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
    }

    private static func addedTokens(_ value: JSON?) throws(TokenizerError) -> [AddedToken] {
        guard let value, value != .null else { return [] }
        guard let items = value.array else { throw .invalidField("added_tokens") }
        var tokens: [AddedToken] = []
        for item in items {
            guard let item = item.object, let id = identifier(item["id"]),
                let content = item["content"]?.string.map({ Array($0.utf8) })
            else { throw .invalidField("added_tokens") }
            tokens.append(
                AddedToken(
                    id: id,
                    content: content,
                    isSpecial: try flag(item, "special", in: "added_tokens"),
                    stripsLeft: try flag(item, "lstrip", in: "added_tokens"),
                    stripsRight: try flag(item, "rstrip", in: "added_tokens"),
                    isSingleWord: try flag(item, "single_word", in: "added_tokens"),
                    isNormalized: try flag(item, "normalized", in: "added_tokens")
                )
            )
        }
        return tokens
    }

    static func identifier(_ value: JSON?) -> UInt32? {
        value?.integer(UInt32.self)
    }

    /// Tokens by id, from the model and from the added tokens, which may repeat the model's, and how
    /// many of them reach up to the model's last.
    private static func vocabulary(
        _ model: JSONObject,
        _ added: [AddedToken]
    ) throws(TokenizerError) -> (tokens: [[UInt8]], modelCount: Int) {
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
        let modelCount = (byID.lastIndex { $0 != nil } ?? -1) + 1
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
        return (tokens, modelCount)
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
