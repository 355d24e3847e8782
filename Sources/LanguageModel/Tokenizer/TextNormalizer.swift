// What a tokenizer does to text before it looks for words.

package enum NormalizerStep: Sendable, Equatable {
    /// Unicode normalization form C.
    case composed
    /// Puts bytes before a text that is not empty.
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
}

struct TextNormalizer: Sendable {
    let steps: [NormalizerStep]

    var isIdentity: Bool { steps.isEmpty }

    /// - Parameter continues: whether another text stands before this one, so that nothing is put
    ///   between them.
    func apply(_ text: ArraySlice<UInt8>, continues: Bool = false) -> ArraySlice<UInt8> {
        var text = text
        for step in steps {
            switch step {
            case .composed: text = CanonicalComposition.compose(text)
            case .prepend(let prefix):
                if !text.isEmpty, !continues { text = (prefix + text)[...] }
            case .replace(let pattern, let replacement):
                text = Self.replacing(text, pattern, replacement)
            }
        }
        return text
    }

    static func replacing(
        _ text: ArraySlice<UInt8>,
        _ pattern: [UInt8],
        _ replacement: [UInt8]
    ) -> ArraySlice<UInt8> {
        guard let first = pattern.first, text.contains(first) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 4)
        var place = text.startIndex
        while place < text.endIndex {
            if text[place] == first, text[place...].starts(with: pattern) {
                result += replacement
                place += pattern.count
            } else {
                result.append(text[place])
                place += 1
            }
        }
        return result[...]
    }
}
