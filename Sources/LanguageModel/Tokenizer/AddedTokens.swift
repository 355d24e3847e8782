// Tokens that are cut out of the text before anything else, such as `<|im_end|>`.

package struct AddedToken: Sendable, Equatable {
    package let id: UInt32
    package let content: [UInt8]
    /// Left out of decoded text.
    package let isSpecial: Bool
    /// Whether white space on either side belongs to the token.
    package let stripsLeft: Bool
    package let stripsRight: Bool
    /// Found only where no letter, digit or mark touches it.
    package let isSingleWord: Bool
    /// Looked for in normalised text, in its own normalised form.
    package let isNormalized: Bool

    package init(
        id: UInt32,
        content: [UInt8],
        isSpecial: Bool,
        stripsLeft: Bool = false,
        stripsRight: Bool = false,
        isSingleWord: Bool = false,
        isNormalized: Bool = false
    ) {
        self.id = id
        self.content = content
        self.isSpecial = isSpecial
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isSingleWord = isSingleWord
        self.isNormalized = isNormalized
    }
}

struct AddedTokens: Sendable {
    enum Piece: Equatable {
        case text(Range<Int>)
        case token(UInt32)
    }

    private let tokens: [ArraySlice<UInt8>: AddedToken]
    /// The lengths of the patterns that start with a byte, longest first.
    private let lengths: [[Int]]
    private let startsPattern: [Bool]

    /// - Parameter pattern: what is looked for in place of a token.
    /// - Precondition: no pattern is empty.
    init(_ tokens: [AddedToken], pattern: (AddedToken) -> [UInt8] = \.content) {
        var byPattern: [ArraySlice<UInt8>: AddedToken] = [:]
        var lengths = [Set<Int>](repeating: [], count: 256)
        for token in tokens {
            let pattern = pattern(token)
            byPattern[pattern[...]] = token
            lengths[Int(pattern[0])].insert(pattern.count)
        }
        self.tokens = byPattern
        self.lengths = lengths.map { $0.sorted(by: >) }
        startsPattern = lengths.map { !$0.isEmpty }
    }

    var isEmpty: Bool { tokens.isEmpty }

    private func longest(in text: ArraySlice<UInt8>, at place: Int) -> (AddedToken, Int)? {
        for length in lengths[Int(text[place])] where length <= text.endIndex - place {
            if let token = tokens[text[place..<place + length]] { return (token, length) }
        }
        return nil
    }

    /// Cuts the text at the leftmost and then longest occurrences. Ranges are indices of `text`.
    func split(_ text: ArraySlice<UInt8>) -> [Piece] {
        guard !isEmpty else { return text.isEmpty ? [] : [.text(text.indices)] }
        var pieces: [Piece] = []
        var textStart = text.startIndex
        var place = text.startIndex
        while place < text.endIndex {
            guard startsPattern[Int(text[place])],
                let (token, length) = longest(in: text, at: place)
            else {
                place += 1
                continue
            }
            let match = place..<place + length
            place = match.upperBound
            if token.isSingleWord, Self.touchesWord(text, match) { continue }
            var start = match.lowerBound
            var end = match.upperBound
            if token.stripsLeft, start > textStart {
                start = Self.trimmedEnd(text[textStart..<start])
            }
            if token.stripsRight { end = Self.trimmedStart(text[end...]) }
            if start > textStart { pieces.append(.text(textStart..<start)) }
            pieces.append(.token(token.id))
            textStart = end
        }
        if textStart < text.endIndex { pieces.append(.text(textStart..<text.endIndex)) }
        return pieces
    }

    private static func touchesWord(_ text: ArraySlice<UInt8>, _ match: Range<Int>) -> Bool {
        let before = String(decoding: text[..<match.lowerBound].suffix(4), as: UTF8.self)
        let after = String(decoding: text[match.upperBound...].prefix(4), as: UTF8.self)
        return before.unicodeScalars.last.map(isWord) ?? false
            || after.unicodeScalars.first.map(isWord) ?? false
    }

    /// `\w` of Unicode Technical Standard 18, annex C.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }

    /// Where the white space at the end of the range starts.
    private static func trimmedEnd(_ text: ArraySlice<UInt8>) -> Int {
        var end = text.endIndex
        while end > text.startIndex {
            var start = end - 1
            while start > text.startIndex, text[start] & 0xc0 == 0x80 { start -= 1 }
            let scalar = String(decoding: text[start..<end], as: UTF8.self).unicodeScalars.first
            guard scalar?.properties.isWhitespace == true else { break }
            end = start
        }
        return end
    }

    /// Where the white space at the start of the range ends.
    private static func trimmedStart(_ text: ArraySlice<UInt8>) -> Int {
        var start = text.startIndex
        while start < text.endIndex {
            let scalar = String(decoding: text[start...].prefix(4), as: UTF8.self)
                .unicodeScalars.first
            guard let scalar, scalar.properties.isWhitespace else { break }
            start += scalar.utf8.count
        }
        return start
    }
}
