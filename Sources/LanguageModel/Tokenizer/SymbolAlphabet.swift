// The symbols with which merging starts: single bytes, or characters that fall back to bytes.

struct SymbolAlphabet: Sendable {
    /// The token of what has none; several in a row are one where `fuses`.
    struct Unknown: Sendable {
        let id: UInt32
        let fuses: Bool
    }

    /// SentencePiece writes a space as this character, U+2581.
    static let spaceMark: [UInt8] = [0xe2, 0x96, 0x81]

    private enum Kind: Sendable {
        case bytes([UInt32?])
        /// Tokens of single characters by scalar, and of `<0x00>` to `<0xFF>`.
        case characters([UInt32: UInt32], fallback: [UInt32?])
    }

    private let kind: Kind
    private let unknown: Unknown?

    /// - Parameter ids: tokens of the byte alphabet.
    init(bytes ids: [[UInt8]: UInt32], unknown: Unknown?) {
        kind = .bytes(ByteAlphabet.encodings.map { ids[$0] })
        self.unknown = unknown
    }

    init(characters ids: [[UInt8]: UInt32], fallsBack: Bool, unknown: Unknown?) {
        var characters: [UInt32: UInt32] = [:]
        for (token, id) in ids where token.count <= 4 {
            let scalars = String(decoding: token, as: UTF8.self).unicodeScalars
            if let scalar = scalars.first, scalars.count == 1 { characters[scalar.value] = id }
        }
        let fallback = (UInt8.min...UInt8.max).map { byte in
            fallsBack ? ids[Self.fallbackToken(byte)] : nil
        }
        kind = .characters(characters, fallback: fallback)
        self.unknown = unknown
    }

    /// `<0x0A>` for 10.
    static func fallbackToken(_ byte: UInt8) -> [UInt8] {
        let digits = String(byte, radix: 16, uppercase: true)
        return Array("<0x\(digits.utf8.count == 1 ? "0" : "")\(digits)>".utf8)
    }

    /// Whether a space mark is a symbol and nothing is ever unknown, so that what precedes a word
    /// cannot change its symbols.
    var isComplete: Bool {
        switch kind {
        case .bytes: false
        case .characters(let characters, let fallback):
            characters[0x2581] != nil && !fallback.contains(nil)
        }
    }

    /// Appends the symbols of valid UTF-8. What has no symbol and no unknown token vanishes, as in
    /// the reference.
    func symbols(_ word: ArraySlice<UInt8>, to symbols: inout [UInt32]) {
        switch kind {
        case .bytes(let ids):
            var isPending = false
            for byte in word {
                if let id = ids[Int(byte)] {
                    if isPending { flush(&isPending, &symbols) }
                    symbols.append(id)
                } else {
                    miss(&isPending, &symbols)
                }
            }
            flush(&isPending, &symbols)
        case .characters(let ids, let fallback):
            characters(word, ids, fallback, &symbols)
        }
    }

    private func characters(
        _ word: ArraySlice<UInt8>,
        _ ids: [UInt32: UInt32],
        _ fallback: [UInt32?],
        _ symbols: inout [UInt32]
    ) {
        var isPending = false
        for scalar in String(decoding: word, as: UTF8.self).unicodeScalars {
            if let id = ids[scalar.value] {
                if isPending { flush(&isPending, &symbols) }
                symbols.append(id)
                continue
            }
            let bytes = UTF8.encode(scalar) ?? .init()
            if bytes.allSatisfy({ fallback[Int($0)] != nil }) {
                // The reference lets these overtake an unknown token that waits to be fused.
                symbols += bytes.compactMap { fallback[Int($0)] }
            } else {
                miss(&isPending, &symbols)
            }
        }
        flush(&isPending, &symbols)
    }

    private func miss(_ isPending: inout Bool, _ symbols: inout [UInt32]) {
        guard let unknown else { return }
        if isPending, !unknown.fuses { symbols.append(unknown.id) }
        isPending = true
    }

    private func flush(_ isPending: inout Bool, _ symbols: inout [UInt32]) {
        guard isPending, let unknown else { return }
        symbols.append(unknown.id)
        isPending = false
    }
}
