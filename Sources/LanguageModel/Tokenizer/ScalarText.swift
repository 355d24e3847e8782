// A text as scalars with what the word rules ask about each of them.

struct ScalarText {
    enum Kind: UInt8 { case letter, number, space, other }

    private(set) var scalars: [Unicode.Scalar] = []
    private(set) var kinds: [Kind] = []
    /// Where each scalar starts in the bytes that were given, and where the last one ends.
    private(set) var offsets: [Int] = []

    init(_ text: ArraySlice<UInt8>) {
        scalars.reserveCapacity(text.count)
        kinds.reserveCapacity(text.count)
        offsets.reserveCapacity(text.count + 1)
        var place = text.startIndex
        while place < text.endIndex {
            offsets.append(place)
            let byte = text[place]
            if byte < 0x80 {
                scalars.append(Unicode.Scalar(byte))
                kinds.append(Self.asciiKinds[Int(byte)])
                place += 1
                continue
            }
            var end = place + 1
            while end < text.endIndex, text[end] & 0xc0 == 0x80 { end += 1 }
            let scalar = Self.scalar(text[place..<end])
            scalars.append(scalar)
            kinds.append(Self.kind(scalar))
            place = end
        }
        offsets.append(text.endIndex)
    }

    /// The scalar of one valid UTF-8 sequence of two bytes and more.
    private static func scalar(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar {
        let lead = bytes[bytes.startIndex]
        var value = UInt32(lead & (lead >= 0xf0 ? 0x07 : lead >= 0xe0 ? 0x0f : 0x1f))
        for byte in bytes.dropFirst() { value = value << 6 | UInt32(byte & 0x3f) }
        return Unicode.Scalar(value) ?? "\u{fffd}"
    }

    private static let asciiKinds: [Kind] = (0..<0x80).map { kind(Unicode.Scalar(UInt8($0))) }

    private static func kind(_ scalar: Unicode.Scalar) -> Kind {
        switch scalar.value {
        case 0x41...0x5a, 0x61...0x7a: return .letter
        case 0x30...0x39: return .number
        case 0x09...0x0d, 0x20: return .space
        case 0..<0x80: return .other
        // Ideographs and Hangul syllables, the bulk of East Asian text.
        case 0x4e00...0x9fff, 0xac00...0xd7a3: return .letter
        default: break
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return scalar.properties.isWhitespace ? .space : .other
        }
    }
}
