// Normalization form C (Unicode Standard Annex 15), which Qwen's tokenizers put before everything
// else. Written out because what a committed text means may not depend on a system's library.

enum CanonicalComposition {
    /// What one character decomposes into; `second` is 0 where it is one character.
    private struct Parts {
        let first: UInt32
        let second: UInt32
    }

    private static let hangulBase: UInt32 = 0xac00
    private static let leadBase: UInt32 = 0x1100
    private static let vowelBase: UInt32 = 0x1161
    private static let tailBase: UInt32 = 0x11a7
    private static let leads: UInt32 = 19
    private static let vowels: UInt32 = 21
    private static let tails: UInt32 = 28

    private static let tables: (parts: [UInt32: Parts], composed: [UInt64: UInt32]) = {
        var parts: [UInt32: Parts] = [:]
        var composed: [UInt64: UInt32] = [:]
        var code: UInt32 = 0
        for word in "\(CompositionTable.text)".split(whereSeparator: \.isWhitespace) {
            let composes = word.utf8.last == UInt8(ascii: "+")
            let fields = (composes ? word.dropLast() : word).split(separator: ",")
                .compactMap { UInt32($0, radix: 36) }
            precondition(fields.count == 2 || fields.count == 3, "the table is made by a script")
            code += fields[0]
            let entry = Parts(first: fields[1], second: fields.count == 3 ? fields[2] : 0)
            parts[code] = entry
            if composes { composed[key(entry.first, entry.second)] = code }
        }
        return (parts, composed)
    }()

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) << 32 | UInt64(second)
    }

    /// The text in form C.
    ///
    /// - Precondition: `text` is valid UTF-8.
    static func compose(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // Below U+0300 every character is in form C, whatever follows it.
        guard text.contains(where: { $0 >= 0xcc }) else { return text }
        var scalars: [UInt32] = []
        var classes: [UInt8] = []
        scalars.reserveCapacity(text.count)
        classes.reserveCapacity(text.count)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            decompose(scalar.value, &scalars, &classes)
        }
        order(&scalars, &classes)
        recompose(&scalars, &classes)
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars.lazy.compactMap { Unicode.Scalar($0) })
        return Array(String(result).utf8)[...]
    }

    private static func decompose(
        _ code: UInt32,
        _ scalars: inout [UInt32],
        _ classes: inout [UInt8]
    ) {
        if code >= 0xc0 {
            let syllable = code &- hangulBase
            if syllable < leads * vowels * tails {
                let tail = syllable % tails
                scalars.append(leadBase + syllable / (vowels * tails))
                scalars.append(vowelBase + syllable % (vowels * tails) / tails)
                if tail > 0 { scalars.append(tailBase + tail) }
                classes += [UInt8](repeating: 0, count: tail > 0 ? 3 : 2)
                return
            }
            // At most four steps deep in any version of Unicode.
            if let entry = tables.parts[code] {
                decompose(entry.first, &scalars, &classes)
                if entry.second != 0 { decompose(entry.second, &scalars, &classes) }
                return
            }
        }
        scalars.append(code)
        classes.append(combiningClass(code))
    }

    private static func combiningClass(_ code: UInt32) -> UInt8 {
        guard code >= 0x300, !(0x3100...0xa66e).contains(code), let scalar = Unicode.Scalar(code)
        else { return 0 }
        return scalar.properties.canonicalCombiningClass.rawValue
    }

    /// Sorts each run of marks by class, equal ones as they are.
    private static func order(_ scalars: inout [UInt32], _ classes: inout [UInt8]) {
        var start = 0
        while start < scalars.count {
            guard classes[start] != 0 else {
                start += 1
                continue
            }
            var end = start
            var isSorted = true
            while end < scalars.count, classes[end] != 0 {
                if end > start, classes[end] < classes[end - 1] { isSorted = false }
                end += 1
            }
            if !isSorted {
                let sorted = (start..<end).sorted { (classes[$0], $0) < (classes[$1], $1) }
                let marks = sorted.map { (scalars[$0], classes[$0]) }
                for (place, mark) in marks.enumerated() {
                    (scalars[start + place], classes[start + place]) = mark
                }
            }
            start = end
        }
    }

    /// Joins each character with the last starter before it where nothing of its class or a
    /// starter stands between them.
    private static func recompose(_ scalars: inout [UInt32], _ classes: inout [UInt8]) {
        var starter: Int?
        var lastClass: UInt8?
        var count = 0
        for place in scalars.indices {
            let code = scalars[place]
            let kind = classes[place]
            if let base = starter, lastClass.map({ $0 < kind && $0 != 0 }) ?? true,
                let joined = pair(scalars[base], code)
            {
                scalars[base] = joined
                continue
            }
            if kind == 0 {
                starter = count
                lastClass = nil
            } else {
                lastClass = kind
            }
            scalars[count] = code
            classes[count] = kind
            count += 1
        }
        scalars.removeLast(scalars.count - count)
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let lead = first &- leadBase
        let vowel = second &- vowelBase
        if lead < leads, vowel < vowels { return hangulBase + (lead * vowels + vowel) * tails }
        let syllable = first &- hangulBase
        let tail = second &- tailBase
        if syllable < leads * vowels * tails, syllable % tails == 0, tail > 0, tail < tails {
            return first + tail
        }
        return tables.composed[key(first, second)]
    }
}
