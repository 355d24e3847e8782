// What tokens stand for in text, and how their pieces are put together.

struct TokenDecoder: Sendable {
    enum Style: Sendable, Equatable {
        /// Tokens are bytes in the byte alphabet.
        case byteLevel
        /// Tokens are text in which `replacements` are made; `<0x41>` is a byte where `hasBytes`;
        /// up to `stripped` spaces at the start of the whole are left out.
        case pieces(replacements: [Replacement], hasBytes: Bool, stripped: Int)
    }

    struct Replacement: Sendable, Equatable {
        let pattern: [UInt8]
        let content: [UInt8]
    }

    let style: Style
    private let pieces: [[UInt8]]
    /// Whether a piece is one byte of a character that may go on in the next token.
    private let isByte: [Bool]

    init(_ style: Style, tokens: [[UInt8]]) {
        self.style = style
        switch style {
        case .byteLevel:
            pieces = tokens.map(ByteAlphabet.decode)
            isByte = []
        case .pieces(let replacements, let hasBytes, _):
            var pieces: [[UInt8]] = []
            var isByte: [Bool] = []
            for token in tokens {
                var piece = token[...]
                for replacement in replacements {
                    piece = TextNormalizer.replacing(
                        piece,
                        replacement.pattern,
                        replacement.content
                    )
                }
                let byte = hasBytes ? Self.fallbackByte(Array(piece)) : nil
                pieces.append(byte.map { [$0] } ?? Array(piece))
                isByte.append(byte != nil)
            }
            self.pieces = pieces
            self.isByte = isByte
        }
    }

    private static func fallbackByte(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)),
            token[5] == UInt8(ascii: ">")
        else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    /// How many spaces at the start are left out.
    var stripped: Int {
        if case .pieces(_, _, let stripped) = style { stripped } else { 0 }
    }

    func piece(_ id: UInt32) -> [UInt8]? {
        Int(id) < pieces.count ? pieces[Int(id)] : nil
    }

    func isByte(_ id: UInt32) -> Bool { Int(id) < isByte.count && isByte[Int(id)] }
}
