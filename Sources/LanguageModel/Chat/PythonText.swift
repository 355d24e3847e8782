// Strings as Python sees them, in UTF-8.

enum PythonText {
    /// `str.isspace`: Unicode's white space and the four separators U+001C to U+001F.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
    }

    static func scalars(_ text: some Collection<UInt8>) -> [Unicode.Scalar] {
        Array(String(decoding: text, as: UTF8.self).unicodeScalars)
    }

    static func bytes(_ scalars: some Sequence<Unicode.Scalar>) -> [UInt8] {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return Array(String(view).utf8)
    }

    /// Code points of valid UTF-8.
    static func length(_ text: [UInt8]) -> Int {
        text.reduce(0) { $0 + ($1 & 0xc0 == 0x80 ? 0 : 1) }
    }

    /// Where the white space at the end starts; nil where nothing else is there.
    static func trimmedEnd(_ text: ArraySlice<UInt8>) -> Int? {
        let end = text.startIndex + trimmed(text, left: false, right: true) { isSpace($0) }.count
        return end == text.startIndex ? nil : end
    }

    static func trimmedStart(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        trimmed(text, left: true, right: false) { isSpace($0) }
    }

    static func trimmed(
        _ text: ArraySlice<UInt8>,
        left: Bool,
        right: Bool,
        where isCut: (Unicode.Scalar) -> Bool
    ) -> ArraySlice<UInt8> {
        var start = text.startIndex
        var end = text.endIndex
        while left, start < end {
            var next = start + 1
            while next < end, text[next] & 0xc0 == 0x80 { next += 1 }
            guard let scalar = scalars(text[start..<next]).first, isCut(scalar) else { break }
            start = next
        }
        while right, start < end {
            var last = end - 1
            while last > start, text[last] & 0xc0 == 0x80 { last -= 1 }
            guard let scalar = scalars(text[last..<end]).first, isCut(scalar) else { break }
            end = last
        }
        return text[start..<end]
    }

    /// The places of a pattern from the left, none overlapping.
    static func occurrences(_ pattern: [UInt8], in text: [UInt8], limit: Int = .max) -> [Int] {
        guard let first = pattern.first, pattern.count <= text.count else { return [] }
        var places: [Int] = []
        var place = 0
        while place + pattern.count <= text.count, places.count < limit {
            if text[place] == first, text[place..<place + pattern.count].elementsEqual(pattern) {
                places.append(place)
                place += pattern.count
            } else {
                place += 1
            }
        }
        return places
    }

    static func split(_ text: [UInt8], by pattern: [UInt8], limit: Int = .max) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var start = 0
        for place in occurrences(pattern, in: text, limit: limit) {
            parts.append(Array(text[start..<place]))
            start = place + pattern.count
        }
        return parts + [Array(text[start...])]
    }

    /// `str.split()` without a separator: runs of white space part, none at the ends.
    static func words(_ text: [UInt8], limit: Int = .max) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var rest = trimmedStart(text[...])
        while !rest.isEmpty {
            if words.count == limit {
                words.append(Array(trimmed(rest, left: false, right: true) { isSpace($0) }))
                break
            }
            let word = scalars(rest).prefix { !isSpace($0) }
            let length = word.reduce(0) { $0 + $1.utf8.count }
            words.append(Array(rest.prefix(length)))
            rest = trimmedStart(rest.dropFirst(length))
        }
        return words
    }

    static func replaced(
        _ text: [UInt8],
        _ pattern: [UInt8],
        _ replacement: [UInt8],
        limit: Int = .max
    ) -> [UInt8] {
        Array(split(text, by: pattern, limit: limit).joined(separator: replacement))
    }

    /// Python's escapes in a string literal; nil for one that is cut off or no character.
    static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.contains(0x5c) else { return Array(text) }
        var result: [UInt8] = []
        var place = text.startIndex
        func digits(_ count: Int, radix: Int) -> Unicode.Scalar? {
            guard text.endIndex - place >= count else { return nil }
            let digits = String(decoding: text[place..<place + count], as: UTF8.self)
            return UInt32(digits, radix: radix).flatMap(Unicode.Scalar.init)
        }
        while place < text.endIndex {
            guard text[place] == 0x5c, place + 1 < text.endIndex else {
                result.append(text[place])
                place += 1
                continue
            }
            let letter = text[place + 1]
            place += 2
            if let plain = plainEscapes[letter] {
                result += plain
            } else if let count = [0x78: 2, 0x75: 4, 0x55: 8][letter] {
                guard let scalar = digits(count, radix: 16) else { return nil }
                result += bytes([scalar])
                place += count
            } else if (0x30...0x37).contains(letter) {
                place -= 1
                var count = 1
                while count < 3, place + count < text.endIndex,
                    (0x30...0x37).contains(text[place + count])
                {
                    count += 1
                }
                guard let scalar = digits(count, radix: 8) else { return nil }
                result += bytes([scalar])
                place += count
            } else {
                result += [0x5c, letter]
            }
        }
        return result
    }

    private static let plainEscapes: [UInt8: [UInt8]] = [
        0x0a: [], 0x5c: [0x5c], 0x27: [0x27], 0x22: [0x22], 0x61: [0x07], 0x62: [0x08],
        0x66: [0x0c], 0x6e: [0x0a], 0x72: [0x0d], 0x74: [0x09], 0x76: [0x0b],
    ]
}
