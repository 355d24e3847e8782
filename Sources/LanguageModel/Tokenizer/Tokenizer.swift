// Text to token ids and back, byte for byte as the reference `tokenizers` library does for
// byte-level BPE. What a file asks for and we do not do is refused when it is read.

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

/// A byte-level BPE tokenizer.
package struct Tokenizer: Sendable {
    package static let vocabularyLimit = 1 << 20
    package static let tokenBytesLimit = 4096

    /// Each id's token as the file writes it, in the byte alphabet; ids are the indices.
    package let tokens: [[UInt8]]
    package let addedTokens: [AddedToken]
    private let ids: [[UInt8]: UInt32]
    private let decoded: [[UInt8]]
    private let isSpecial: [Bool]
    private let encoder: BytePairEncoder
    private let added: AddedTokens
    private let rules: Rules

    /// What is not vocabulary.
    struct Rules: Sendable {
        let steps: [PreTokenizerStep]
        /// A word that is a token as a whole is not merged.
        let ignoresMerges: Bool
        /// Put before and after an encoded text when the caller wants special tokens.
        let prefix: [UInt32]
        let suffix: [UInt32]
    }

    /// `tokens` are in order of id, `merges` in order of rank, each split into its two halves.
    init(
        tokens: [[UInt8]],
        merges: [(left: [UInt8], right: [UInt8])],
        added addedTokens: [AddedToken],
        rules: Rules
    ) throws(TokenizerError) {
        guard tokens.count <= Self.vocabularyLimit else {
            throw .overLimit(
                field: "vocabulary",
                found: tokens.count,
                limit: Self.vocabularyLimit
            )
        }
        var ids: [[UInt8]: UInt32] = [:]
        ids.reserveCapacity(tokens.count)
        for (id, token) in tokens.enumerated() {
            guard token.count <= Self.tokenBytesLimit else {
                throw .overLimit(
                    field: "token \(id)",
                    found: token.count,
                    limit: Self.tokenBytesLimit
                )
            }
            guard ids.updateValue(UInt32(id), forKey: token) == nil else {
                throw .duplicateToken(token)
            }
        }
        for id in addedTokens.map(\.id) + rules.prefix + rules.suffix
        where Int(id) >= tokens.count {
            throw .missingID(Int(id))
        }
        guard !addedTokens.contains(where: \.content.isEmpty) else {
            throw .invalidField("added_tokens.content")
        }
        var encoder = BytePairEncoder(byteTokens: ByteAlphabet.encodings.map { ids[$0] })
        encoder.reserve(merges.count)
        for (rank, merge) in merges.enumerated() {
            guard let left = ids[merge.left], let right = ids[merge.right],
                let token = ids[merge.left + merge.right]
            else { throw .unknownMerge(rank) }
            guard encoder.addMerge(left, right, .init(rank: UInt32(rank), token: token)) else {
                throw .duplicateMerge(rank)
            }
        }
        var isSpecial = [Bool](repeating: false, count: tokens.count)
        for token in addedTokens where token.isSpecial { isSpecial[Int(token.id)] = true }
        self.tokens = tokens
        self.addedTokens = addedTokens
        self.ids = ids
        self.decoded = tokens.map(ByteAlphabet.decode)
        self.isSpecial = isSpecial
        self.encoder = encoder
        added = AddedTokens(addedTokens)
        self.rules = rules
    }

    package var vocabularyCount: Int { tokens.count }

    package func id(of token: String) -> UInt32? { ids[Array(token.utf8)] }

    /// The ids of a text; bytes that are no UTF-8 count as U+FFFD.
    ///
    /// - Parameter addsSpecial: whether the file's own frame (a beginning-of-sequence token, for
    ///   models that use one) is put around the text.
    package func encode(_ text: [UInt8], addsSpecial: Bool = true) -> [UInt32] {
        let text = Array(String(decoding: text, as: UTF8.self).utf8)
        var result = addsSpecial ? rules.prefix : []
        var known: [[UInt8]: [UInt32]] = [:]
        for piece in added.split(text) {
            switch piece {
            case .token(let id): result.append(id)
            case .text(let range): encode(text[range], knowing: &known, to: &result)
            }
        }
        return result + (addsSpecial ? rules.suffix : [])
    }

    package func encode(_ text: String, addsSpecial: Bool = true) -> [UInt32] {
        encode(Array(text.utf8), addsSpecial: addsSpecial)
    }

    /// The bytes that ids stand for; they need not be whole UTF-8. Unknown ids stand for nothing.
    package func bytes(of ids: [UInt32], skipsSpecial: Bool = true) -> [UInt8] {
        ids.flatMap { id -> [UInt8] in
            guard Int(id) < decoded.count, !(skipsSpecial && isSpecial[Int(id)]) else { return [] }
            return decoded[Int(id)]
        }
    }

    /// The text of ids, with U+FFFD where the bytes are no UTF-8.
    package func decode(_ ids: [UInt32], skipsSpecial: Bool = true) -> String {
        String(decoding: bytes(of: ids, skipsSpecial: skipsSpecial), as: UTF8.self)
    }

    /// `known` remembers the words of one call.
    private func encode(
        _ text: ArraySlice<UInt8>,
        knowing known: inout [[UInt8]: [UInt32]],
        to result: inout [UInt32]
    ) {
        let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
        var start = text.startIndex
        for piece in PreTokenizer(scalars).pieces(rules.steps) {
            let end = scalars[piece].reduce(start) { $0 + $1.utf8.count }
            let word = text[start..<end]
            start = end
            let key = Array(word)
            if let ids = known[key] {
                result += ids
                continue
            }
            let ids: [UInt32]
            if rules.ignoresMerges, let whole = self.ids[ByteAlphabet.encode(word)] {
                ids = [whole]
            } else {
                ids = encoder.encode(word)
            }
            known[key] = ids
            result += ids
        }
    }
}
