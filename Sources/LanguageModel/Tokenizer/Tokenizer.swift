// Text to token ids and back, byte for byte as the reference `tokenizers` library does for BPE, at
// byte level and in SentencePiece's manner. What a file asks for and we do not do is refused when
// it is read.

package import JSON

package enum TokenizerError: Error, Equatable {
    case invalidJSON(JSONError)
    case invalidGGUF(GGUFError)
    /// A field is absent or of the wrong kind.
    case invalidField(String)
    /// The file asks for behaviour that this tokenizer does not have.
    case unsupported(field: String, value: String)
    case overLimit(field: String, found: Int, limit: Int)
    /// Two tokens of one id, or one token of two ids.
    case duplicateToken([UInt8])
    /// Ids must run from zero without holes.
    case missingID(Int)
    case duplicateMerge(Int)
    /// A merge names a token, or makes one, that the vocabulary does not have.
    case unknownMerge(Int)
}

/// A BPE tokenizer.
package struct Tokenizer: Sendable {
    package static let vocabularyLimit = 1 << 20
    package static let tokenBytesLimit = 4096

    /// Each id's token as the file writes it; ids are the indices.
    package let tokens: [[UInt8]]
    package let addedTokens: [AddedToken]
    let decoder: TokenDecoder
    private let ids: [[UInt8]: UInt32]
    private let isSpecial: [Bool]
    private let words: WordEncoder
    private let added: AddedTokens
    private let normalizedAdded: AddedTokens
    private let rules: Rules

    /// How a text is cut into words.
    enum Words: Sendable, Equatable {
        /// Bytes, cut by the steps.
        case byteLevel([PreTokenizerStep])
        /// Characters, with U+2581 for a space.
        case spaceMarks(SpaceMarks)

        var isByteLevel: Bool {
            if case .byteLevel = self { true } else { false }
        }
    }

    /// What is not vocabulary.
    struct Rules: Sendable {
        let normalizer: TextNormalizer
        let words: Words
        let decoder: TokenDecoder.Style
        /// A word that is a token as a whole is not merged.
        let ignoresMerges: Bool
        /// Characters without a token become `<0x00>` to `<0xFF>`.
        let fallsBackToBytes: Bool
        let unknown: SymbolAlphabet.Unknown?
        /// Put before and after an encoded text when the caller wants special tokens.
        let prefix: [UInt32]
        let suffix: [UInt32]
    }

    /// `tokens` are in order of id, `merges` in order of rank, each split into its two halves.
    ///
    /// - Parameter modelCount: the tokens from here on are added ones, which no word can be.
    init(
        tokens: [[UInt8]],
        modelCount: Int,
        merges: [(left: [UInt8], right: [UInt8])],
        added addedTokens: [AddedToken],
        rules: Rules
    ) throws(TokenizerError) {
        let ids = try Self.index(tokens)
        for id in addedTokens.map(\.id) + rules.prefix + rules.suffix
        where Int(id) >= tokens.count {
            throw .missingID(Int(id))
        }
        let patterns = addedTokens.map { token in
            token.isNormalized
                ? Array(rules.normalizer.apply(token.content[...])) : token.content
        }
        guard !patterns.contains(where: \.isEmpty) else {
            throw .invalidField("added_tokens.content")
        }
        var isSpecial = [Bool](repeating: false, count: tokens.count)
        var spoken = tokens
        var patternOf: [UInt32: [UInt8]] = [:]
        for (token, pattern) in zip(addedTokens, patterns) {
            isSpecial[Int(token.id)] = token.isSpecial
            patternOf[token.id] = pattern
            // The reference speaks a normalised token as it looks for it.
            spoken[Int(token.id)] = pattern
        }
        self.tokens = tokens
        self.addedTokens = addedTokens
        self.ids = ids
        self.isSpecial = isSpecial
        decoder = TokenDecoder(rules.decoder, tokens: spoken)
        words = try WordEncoder(
            ids: ids,
            modelCount: modelCount,
            merges: merges,
            rules: rules
        )
        added = AddedTokens(addedTokens.filter { !$0.isNormalized })
        normalizedAdded = AddedTokens(addedTokens.filter(\.isNormalized)) {
            patternOf[$0.id] ?? $0.content
        }
        self.rules = rules
    }

    private static func index(_ tokens: [[UInt8]]) throws(TokenizerError) -> [[UInt8]: UInt32] {
        guard tokens.count <= vocabularyLimit else {
            throw .overLimit(field: "vocabulary", found: tokens.count, limit: vocabularyLimit)
        }
        var ids: [[UInt8]: UInt32] = [:]
        ids.reserveCapacity(tokens.count)
        for (id, token) in tokens.enumerated() {
            guard token.count <= tokenBytesLimit else {
                throw .overLimit(field: "token \(id)", found: token.count, limit: tokenBytesLimit)
            }
            guard ids.updateValue(UInt32(id), forKey: token) == nil else {
                throw .duplicateToken(token)
            }
        }
        return ids
    }

    package var vocabularyCount: Int { tokens.count }

    package func id(of token: String) -> UInt32? { ids[Array(token.utf8)] }

    /// The ids of a text; bytes that are no UTF-8 count as U+FFFD.
    ///
    /// - Parameters:
    ///   - addsSpecial: whether the file's own frame (a beginning-of-sequence token, for models
    ///     that use one) is put around the text.
    ///   - continues: whether the text follows another one, so that a tokenizer that puts a space
    ///     before every text puts none before this one.
    package func encode(
        _ text: [UInt8],
        addsSpecial: Bool = true,
        continues: Bool = false
    ) -> [UInt32] {
        let text = Array(String(decoding: text, as: UTF8.self).utf8)
        var run = WordEncoder.Run(ids: addsSpecial ? rules.prefix : [])
        for piece in added.split(text[...]) {
            switch piece {
            case .token(let id): run.ids.append(id)
            case .text(let range):
                let isFirst = range.lowerBound == 0
                let normalized = rules.normalizer.apply(
                    text[range],
                    continues: continues && isFirst
                )
                for piece in normalizedAdded.split(normalized) {
                    switch piece {
                    case .token(let id): run.ids.append(id)
                    case .text(let inner):
                        words.encode(
                            normalized[inner],
                            isFirst: isFirst && inner.lowerBound == normalized.startIndex,
                            continues: continues,
                            to: &run
                        )
                    }
                }
            }
        }
        return run.ids + (addsSpecial ? rules.suffix : [])
    }

    package func encode(
        _ text: String,
        addsSpecial: Bool = true,
        continues: Bool = false
    ) -> [UInt32] {
        encode(Array(text.utf8), addsSpecial: addsSpecial, continues: continues)
    }

    /// The bytes that ids stand for; they need not be whole UTF-8. Unknown ids stand for nothing.
    package func bytes(of ids: [UInt32], skipsSpecial: Bool = true) -> [UInt8] {
        let bytes = ids.flatMap { piece($0, skipsSpecial: skipsSpecial) ?? [] }
        return Array(bytes.dropFirst(bytes.prefix(decoder.stripped).prefix { $0 == 0x20 }.count))
    }

    /// The text of ids, with U+FFFD where the bytes are no UTF-8.
    package func decode(_ ids: [UInt32], skipsSpecial: Bool = true) -> String {
        guard decoder.style != .byteLevel else {
            return String(decoding: bytes(of: ids, skipsSpecial: skipsSpecial), as: UTF8.self)
        }
        var stream = StreamingDecoder(self, skipsSpecial: skipsSpecial)
        var text = ""
        for id in ids { text += stream.append(id) }
        return text + stream.finish()
    }

    /// Nil for unknown ids and, where they are skipped, special ones.
    func piece(_ id: UInt32, skipsSpecial: Bool) -> [UInt8]? {
        guard Int(id) < tokens.count, !(skipsSpecial && isSpecial[Int(id)]) else { return nil }
        return decoder.piece(id)
    }
}
