// Splits text into words before merging. The published tokenizers state the split as a regular
// expression; the few that matter are written out here as scanners, so that no regex engine (and
// none of its version differences) decides what a committed text means.

/// One step of pre-tokenisation; steps apply one after another, each inside the last one's pieces.
package enum PreTokenizerStep: Sendable, Equatable {
    /// Every number character is a piece of its own.
    case individualDigits
    /// Every run of number characters is a piece.
    case contiguousDigits
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}|
    /// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case llama3(digits: Int)
}

struct PreTokenizer {
    private let scalars: [Unicode.Scalar]
    private let kinds: [ScalarText.Kind]
    private let offsets: [Int]

    init(_ text: ScalarText) {
        scalars = text.scalars
        kinds = text.kinds
        offsets = text.offsets
    }

    /// Calls `body` with the bytes of each piece in order; together they are the whole text.
    func forEachPiece(_ steps: [PreTokenizerStep], _ body: (Range<Int>) -> Void) {
        forEach(steps[...], in: scalars.indices) {
            body(offsets[$0.lowerBound]..<offsets[$0.upperBound])
        }
    }

    private func forEach(
        _ steps: ArraySlice<PreTokenizerStep>,
        in range: Range<Int>,
        _ body: (Range<Int>) -> Void
    ) {
        guard let step = steps.first else {
            if !range.isEmpty { body(range) }
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let end = next(step, from: start, limit: range.upperBound)
            forEach(steps.dropFirst(), in: start..<end, body)
            start = end
        }
    }

    /// The end of the piece that starts at `start`; always after it.
    private func next(_ step: PreTokenizerStep, from start: Int, limit: Int) -> Int {
        switch step {
        case .individualDigits:
            if kinds[start] == .number { return start + 1 }
            return run(from: start, limit: limit) { kinds[$0] != .number }
        case .contiguousDigits:
            let isNumber = kinds[start] == .number
            return run(from: start, limit: limit) { (kinds[$0] == .number) == isNumber }
        case .gpt2: return gpt2(from: start, limit: limit)
        case .llama3(let digits): return llama3(from: start, limit: limit, digits: digits)
        }
    }

    private func run(from start: Int, limit: Int, while holds: (Int) -> Bool) -> Int {
        var place = start
        while place < limit, holds(place) { place += 1 }
        return place
    }

    private func gpt2(from start: Int, limit: Int) -> Int {
        if let end = contraction(from: start, limit: limit, ignoringCase: false) { return end }
        let first = scalars[start] == " " && start + 1 < limit ? start + 1 : start
        let kind = kinds[first]
        if kind != .space { return run(from: first, limit: limit) { kinds[$0] == kind } }
        return spaces(from: start, limit: limit)
    }

    private func llama3(from start: Int, limit: Int, digits: Int) -> Int {
        if let end = contraction(from: start, limit: limit, ignoringCase: true) { return end }
        let mayPrefix = kinds[start] != .number && !isLineEnd(start)
        let letters = kinds[start] == .letter ? start : start + 1
        if mayPrefix, letters < limit, kinds[letters] == .letter {
            return run(from: letters, limit: limit) { kinds[$0] == .letter }
        }
        if kinds[start] == .number {
            return run(from: start, limit: min(limit, start + digits)) { kinds[$0] == .number }
        }
        let first = scalars[start] == " " && start + 1 < limit ? start + 1 : start
        if kinds[first] == .other {
            let end = run(from: first, limit: limit) { kinds[$0] == .other }
            return run(from: end, limit: limit, while: isLineEnd)
        }
        let end = run(from: start, limit: limit) { kinds[$0] == .space }
        if let lineEnd = (start..<end).last(where: isLineEnd) { return lineEnd + 1 }
        return spaces(from: start, limit: limit)
    }

    private func isLineEnd(_ place: Int) -> Bool {
        scalars[place] == "\r" || scalars[place] == "\n"
    }

    /// `\s+(?!\S)|\s+`: a run of white space, without its last character when a word follows.
    private func spaces(from start: Int, limit: Int) -> Int {
        let end = run(from: start, limit: limit) { kinds[$0] == .space }
        return end < limit && end - start > 1 ? end - 1 : end
    }

    private func contraction(from start: Int, limit: Int, ignoringCase: Bool) -> Int? {
        guard scalars[start] == "'", start + 1 < limit else { return nil }
        func letter(_ place: Int) -> Unicode.Scalar {
            let scalar = scalars[place]
            guard ignoringCase else { return scalar }
            // The long s is the one character outside ASCII whose case folding is in the list.
            if scalar == "\u{17f}" { return "s" }
            return (0x41...0x5a).contains(scalar.value)
                ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar
        }
        switch letter(start + 1) {
        case "s", "t", "m", "d": return start + 2
        case "r" where start + 2 < limit && letter(start + 2) == "e": return start + 3
        case "v" where start + 2 < limit && letter(start + 2) == "e": return start + 3
        case "l" where start + 2 < limit && letter(start + 2) == "l": return start + 3
        default: return nil
        }
    }
}
