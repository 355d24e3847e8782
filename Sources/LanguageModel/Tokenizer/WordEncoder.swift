// From normalised text to ids: words, their symbols, merges.

/// SentencePiece's words: spaces become U+2581.
package struct SpaceMarks: Sendable, Equatable {
    package enum Prefix: Sendable, Equatable { case always, first, never }

    /// Whether spaces are replaced here; otherwise the normaliser has done so.
    package let replacesSpaces: Bool
    /// Which texts get a mark before them if they have none.
    package let prefix: Prefix
    /// Whether every mark starts a word of its own; otherwise the whole text is one word.
    package let splits: Bool

    /// The normaliser has done everything.
    static let none = SpaceMarks(replacesSpaces: false, prefix: .never, splits: false)
}

struct WordEncoder: Sendable {
    /// One text on its way. Remembers where each word's ids are, so that a word is merged once.
    struct Run {
        var ids: [UInt32]
        var known: [ArraySlice<UInt8>: Range<Int>] = [:]
        var symbols: [UInt32] = []
    }

    /// Longer words hardly ever come twice.
    private static let knownWordLimit = 64

    private let alphabet: SymbolAlphabet
    private let merges: BytePairEncoder
    private let words: Tokenizer.Words
    /// Tokens that a word can be as a whole, in the bytes of the text; empty where merges decide.
    private let wholeWords: [ArraySlice<UInt8>: UInt32]
    /// No merge joins the end of a word and a mark, so that words can be merged apart.
    private let splitsAtMarks: Bool

    init(
        ids: [[UInt8]: UInt32],
        modelCount: Int,
        merges list: [(left: [UInt8], right: [UInt8])],
        rules: Tokenizer.Rules
    ) throws(TokenizerError) {
        let isByteLevel = rules.words.isByteLevel
        let model = ids.filter { $0.value < modelCount }
        var merges = BytePairEncoder()
        merges.reserve(list.count)
        var joinsWords = false
        for (rank, merge) in list.enumerated() {
            let whole = merge.left + merge.right
            guard let left = model[merge.left], let right = model[merge.right],
                let token = model[whole]
            else { throw .unknownMerge(rank) }
            guard merges.addMerge(left, right, .init(rank: UInt32(rank), token: token)) else {
                throw .duplicateMerge(rank)
            }
            if !isByteLevel, !joinsWords { joinsWords = Self.hasInnerMark(whole) }
        }
        alphabet =
            isByteLevel
            ? SymbolAlphabet(bytes: model, unknown: rules.unknown)
            : SymbolAlphabet(
                characters: model,
                fallsBack: rules.fallsBackToBytes,
                unknown: rules.unknown
            )
        self.merges = merges
        words = rules.words
        splitsAtMarks = !joinsWords && alphabet.isComplete
        var wholeWords: [ArraySlice<UInt8>: UInt32] = [:]
        if rules.ignoresMerges {
            for (token, id) in model {
                let word = isByteLevel ? ByteAlphabet.decode(token) : token
                // A token outside the byte alphabet is no word.
                guard !isByteLevel || ByteAlphabet.encode(word[...]) == token else { continue }
                wholeWords[word[...]] = id
            }
        }
        self.wholeWords = wholeWords
    }

    /// Whether a mark follows something that is none.
    private static func hasInnerMark(_ token: [UInt8]) -> Bool {
        let mark = SymbolAlphabet.spaceMark
        var place = 0
        while token[place...].starts(with: mark) { place += mark.count }
        while place < token.count {
            if token[place...].starts(with: mark) { return true }
            place += 1
        }
        return false
    }

    /// Appends the ids of a text between added tokens.
    ///
    /// - Parameters:
    ///   - isFirst: whether nothing precedes it in the text.
    ///   - continues: whether another text precedes the whole one.
    func encode(
        _ text: ArraySlice<UInt8>,
        isFirst: Bool,
        continues: Bool,
        to run: inout Run
    ) {
        switch words {
        case .byteLevel(let steps):
            PreTokenizer(ScalarText(text)).forEachPiece(steps) {
                encode(word: text[$0], to: &run)
            }
        case .spaceMarks(let rule):
            var text = text
            if rule.replacesSpaces {
                text = TextNormalizer.replacing(text, [0x20], SymbolAlphabet.spaceMark)
            }
            let wantsMark =
                switch rule.prefix {
                case .always: !(continues && isFirst)
                case .first: isFirst && !continues
                case .never: false
                }
            if wantsMark, !text.starts(with: SymbolAlphabet.spaceMark) {
                text = (SymbolAlphabet.spaceMark + text)[...]
            }
            if rule.splits {
                forEachMark(text, splitsRuns: true) { encode(word: text[$0], to: &run) }
            } else if let whole = wholeWords[text] {
                run.ids.append(whole)
            } else if splitsAtMarks {
                forEachMark(text, splitsRuns: false) { merge(text[$0], to: &run) }
            } else {
                merge(text, to: &run)
            }
        }
    }

    /// Cuts before every mark, or only before the first of several.
    private func forEachMark(
        _ text: ArraySlice<UInt8>,
        splitsRuns: Bool,
        _ body: (Range<Int>) -> Void
    ) {
        let mark = SymbolAlphabet.spaceMark
        var start = text.startIndex
        var place = text.startIndex
        var lastEnd = -1
        while place < text.endIndex {
            guard text[place] == mark[0], text[place...].starts(with: mark) else {
                place += 1
                continue
            }
            if place > start, splitsRuns || lastEnd != place {
                body(start..<place)
                start = place
            }
            place += mark.count
            lastEnd = place
        }
        if start < text.endIndex { body(start..<text.endIndex) }
    }

    private func encode(word: ArraySlice<UInt8>, to run: inout Run) {
        if !wholeWords.isEmpty, let whole = wholeWords[word] {
            run.ids.append(whole)
        } else {
            merge(word, to: &run)
        }
    }

    private func merge(_ word: ArraySlice<UInt8>, to run: inout Run) {
        if let known = run.known[word] {
            for place in known { run.ids.append(run.ids[place]) }
            return
        }
        let start = run.ids.count
        run.symbols.removeAll(keepingCapacity: true)
        alphabet.symbols(word, to: &run.symbols)
        merges.merge(run.symbols, to: &run.ids)
        if word.count <= Self.knownWordLimit { run.known[word] = start..<run.ids.count }
    }
}
