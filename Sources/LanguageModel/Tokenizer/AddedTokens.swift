// Tokens that are cut out of the text before anything else, such as `<|im_end|>`.

package struct AddedToken: Sendable, Equatable {
    package let id: UInt32
    package let content: [UInt8]
    /// Left out of decoded text.
    package let isSpecial: Bool
    /// Whether white space on either side belongs to the token.
    package let stripsLeft: Bool
    package let stripsRight: Bool
}

struct AddedTokens: Sendable {
    enum Piece: Equatable {
        case text(Range<Int>)
        case token(UInt32)
    }

    /// By first byte, longest first.
    private let candidates: [[AddedToken]]

    /// - Precondition: no content is empty.
    init(_ tokens: [AddedToken]) {
        var candidates = [[AddedToken]](repeating: [], count: 256)
        for token in tokens { candidates[Int(token.content[0])].append(token) }
        self.candidates = candidates.map { $0.sorted { $0.content.count > $1.content.count } }
    }

    /// Cuts the text at the leftmost and then longest occurrences.
    func split(_ text: [UInt8]) -> [Piece] {
        var pieces: [Piece] = []
        var textStart = 0
        var place = 0
        while place < text.count {
            let token = candidates[Int(text[place])].first {
                text[place...].starts(with: $0.content)
            }
            guard let token else {
                place += 1
                continue
            }
            var end = place + token.content.count
            var start = place
            if token.stripsLeft { start = Self.trimmedEnd(text, textStart..<place) }
            if token.stripsRight { end = Self.trimmedStart(text, end..<text.count) }
            if start > textStart { pieces.append(.text(textStart..<start)) }
            pieces.append(.token(token.id))
            textStart = end
            place = end
        }
        if textStart < text.count { pieces.append(.text(textStart..<text.count)) }
        return pieces
    }

    /// Where the white space at the end of the range starts.
    private static func trimmedEnd(_ text: [UInt8], _ range: Range<Int>) -> Int {
        var end = range.upperBound
        let scalars = String(decoding: text[range], as: UTF8.self).unicodeScalars
        for scalar in scalars.reversed() {
            guard scalar.properties.isWhitespace else { break }
            end -= scalar.utf8.count
        }
        return end
    }

    /// Where the white space at the start of the range ends.
    private static func trimmedStart(_ text: [UInt8], _ range: Range<Int>) -> Int {
        var start = range.lowerBound
        for scalar in String(decoding: text[range], as: UTF8.self).unicodeScalars {
            guard scalar.properties.isWhitespace else { break }
            start += scalar.utf8.count
        }
        return start
    }
}
