// Text of tokens as they arrive. A character may be spread over several tokens, so the bytes of an
// unfinished one are held back; the pieces together are the text of the whole.

package struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecial: Bool
    private var held: [UInt8] = []
    /// Spaces at the start that are still to be left out.
    private var stripped: Int

    package init(_ tokenizer: Tokenizer, skipsSpecial: Bool = true) {
        self.tokenizer = tokenizer
        self.skipsSpecial = skipsSpecial
        stripped = tokenizer.decoder.stripped
    }

    /// The text that the token completes; often empty in scripts of several bytes a character.
    package mutating func append(_ id: UInt32) -> String {
        guard let piece = tokenizer.piece(id, skipsSpecial: skipsSpecial) else { return "" }
        guard tokenizer.decoder.style == .byteLevel else { return appendPiece(id, piece) }
        held += piece
        let end = held.count - Self.unfinished(held)
        defer { held.removeFirst(end) }
        return String(decoding: held[..<end], as: UTF8.self)
    }

    /// A run of byte tokens is text only as a whole: if any of it is no UTF-8, each of its bytes
    /// becomes U+FFFD. So it is held until a token of another kind ends it.
    private mutating func appendPiece(_ id: UInt32, _ piece: [UInt8]) -> String {
        if tokenizer.decoder.isByte(id) {
            held += piece
            return ""
        }
        return takeRun() + strip(String(decoding: piece, as: UTF8.self))
    }

    private mutating func takeRun() -> String {
        defer { held = [] }
        let text = String(validating: held, as: UTF8.self)
        return strip(text ?? String(repeating: "\u{fffd}", count: held.count))
    }

    private mutating func strip(_ text: String) -> String {
        guard stripped > 0, !text.isEmpty else { return text }
        var view = text.unicodeScalars[...]
        while stripped > 0, view.first == " " {
            view.removeFirst()
            stripped -= 1
        }
        if !view.isEmpty { stripped = 0 }
        return String(view)
    }

    /// What is left at the end, with U+FFFD for a character that never came.
    package mutating func finish() -> String {
        guard tokenizer.decoder.style == .byteLevel else { return takeRun() }
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// The bytes at the end that may be the start of a longer character: at most three.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let byte = bytes[bytes.count - count]
            if byte < 0x80 { return 0 }
            let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
            if length > 1 { return length > count ? count : 0 }
        }
        return 0
    }
}
