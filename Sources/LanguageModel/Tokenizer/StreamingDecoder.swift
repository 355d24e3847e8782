// Text of tokens as they arrive. A character may be spread over several tokens, so the bytes of an
// unfinished one are held back; the pieces together are the text of the whole.

package struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private var held: [UInt8] = []

    package init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// The text that the token completes; often empty in scripts of several bytes a character.
    package mutating func append(_ id: UInt32) -> String {
        held += tokenizer.bytes(of: [id])
        let end = held.count - Self.unfinished(held)
        defer { held.removeFirst(end) }
        return String(decoding: held[..<end], as: UTF8.self)
    }

    /// What is left at the end, with U+FFFD for a character that never came.
    package mutating func finish() -> String {
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
