// Cuts a template into text, statements and the tokens inside them, with Jinja's rules for white
// space: `trim_blocks` and `lstrip_blocks` on, as every model's template expects.

struct TemplateToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case text([UInt8])
        case blockStart, blockEnd, outputStart, outputEnd
        case name(String)
        case string([UInt8])
        case integer(Int)
        case real(Double)
        case sign(String)
        case end
    }

    let kind: Kind
    let line: Int
}

struct TemplateLexer {
    private let source: [UInt8]
    private var place = 0
    private var line = 1
    private var tokens: [TemplateToken] = []
    /// Whether nothing stands before `place` on its line, or what stood there has been removed.
    private var startsLine = true

    /// Longest first.
    private static let signs: [[UInt8]] = [
        "//", "**", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
        "}", "<", ">", "=", ".", ":", "|", ",",
    ].map { Array($0.utf8) }

    private init(_ source: [UInt8]) { self.source = source }

    static func tokens(_ text: [UInt8]) throws(ChatTemplateError) -> [TemplateToken] {
        var source: [UInt8] = []
        source.reserveCapacity(text.count)
        for (place, byte) in text.enumerated() {
            if byte == 0x0d {
                if place + 1 == text.count || text[place + 1] != 0x0a { source.append(0x0a) }
            } else {
                source.append(byte)
            }
        }
        if source.last == 0x0a { source.removeLast() }
        var lexer = TemplateLexer(source)
        try lexer.run()
        return lexer.tokens
    }

    private func has(_ text: StaticString, at place: Int) -> Bool {
        source[min(place, source.count)...].starts(with: "\(text)".utf8)
    }

    private mutating func add(_ kind: TemplateToken.Kind) {
        tokens.append(TemplateToken(kind: kind, line: line))
    }

    private mutating func advance(to end: Int) {
        for byte in source[place..<end] where byte == 0x0a { line += 1 }
        if end > place { startsLine = source[end - 1] == 0x0a }
        place = end
    }

    private mutating func run() throws(ChatTemplateError) {
        while place < source.count {
            let start = place
            var end = start
            while end < source.count,
                !(source[end] == 0x7b && end + 1 < source.count
                    && [0x7b, 0x25, 0x23].contains(source[end + 1]))
            {
                end += 1
            }
            addText(start..<end)
            advance(to: end)
            guard place < source.count else { break }
            switch source[place + 1] {
            case 0x23: try comment()
            case 0x25: try block()
            default: try output()
            }
        }
        add(.end)
    }

    /// Text up to a tag, without the white space that the tag takes away.
    private mutating func addText(_ range: Range<Int>) {
        var end = range.upperBound
        let isOutput = has("{{", at: end)
        if end < source.count, end + 2 < source.count, source[end + 2] == UInt8(ascii: "-") {
            end = PythonText.trimmedEnd(source[range]) ?? range.lowerBound
        } else if end < source.count, !isOutput, !has("+", at: end + 2) {
            var start = end
            while start > range.lowerBound, source[start - 1] != 0x0a { start -= 1 }
            let reachesLine = start > range.lowerBound || startsLine
            if reachesLine, PythonText.trimmedEnd(source[start..<end]) == nil { end = start }
        }
        if end > range.lowerBound { add(.text(Array(source[range.lowerBound..<end]))) }
    }

    private mutating func comment() throws(ChatTemplateError) {
        var end = place + 2
        while end < source.count, !has("#}", at: end) { end += 1 }
        guard end < source.count else { throw .syntax(line: line, reason: "unclosed comment") }
        let sign = source[end - 1]
        afterTag(end + 2, strips: sign == UInt8(ascii: "-"), trims: sign != UInt8(ascii: "+"))
    }

    /// Moves behind a tag and the white space that it takes away.
    private mutating func afterTag(_ tagEnd: Int, strips: Bool, trims: Bool) {
        var end = tagEnd
        if strips {
            end = source.count - PythonText.trimmedStart(source[end...]).count
        } else if trims, end < source.count, source[end] == 0x0a {
            end += 1
        }
        advance(to: end)
    }

    private mutating func block() throws(ChatTemplateError) {
        let start = tokens.count
        add(.blockStart)
        advance(to: place + (has("-", at: place + 2) || has("+", at: place + 2) ? 3 : 2))
        try inside("%}", end: .blockEnd)
        if tokens.count == start + 3, tokens[start + 1].kind == .name("raw") {
            tokens.removeLast(3)
            try raw()
        }
    }

    private mutating func output() throws(ChatTemplateError) {
        add(.outputStart)
        advance(to: place + (has("-", at: place + 2) || has("+", at: place + 2) ? 3 : 2))
        try inside("}}", end: .outputEnd)
    }

    private mutating func raw() throws(ChatTemplateError) {
        let start = place
        var end = start
        while end < source.count {
            if has("{%", at: end) {
                var name = end + 2
                if has("-", at: name) || has("+", at: name) { name += 1 }
                while name < source.count, [0x20, 0x09, 0x0a].contains(source[name]) { name += 1 }
                if has("endraw", at: name) { break }
            }
            end += 1
        }
        guard end < source.count else { throw .syntax(line: line, reason: "unclosed raw block") }
        addText(start..<end)
        advance(to: end)
        let count = tokens.count
        try block()
        tokens.removeLast(tokens.count - count)
    }

    /// The tokens of a tag up to its end, which does not count inside brackets.
    private mutating func inside(
        _ close: StaticString,
        end kind: TemplateToken.Kind
    ) throws(ChatTemplateError) {
        var open: [UInt8] = []
        let isBlock = kind == .blockEnd
        while true {
            while place < source.count, [0x20, 0x09, 0x0a, 0x0b, 0x0c].contains(source[place]) {
                advance(to: place + 1)
            }
            guard place < source.count else {
                throw .syntax(line: line, reason: "a tag is not closed")
            }
            if open.isEmpty {
                let sign = source[place]
                let isSigned =
                    (sign == UInt8(ascii: "-") || isBlock && sign == UInt8(ascii: "+"))
                    && has(close, at: place + 1)
                if isSigned || has(close, at: place) {
                    add(kind)
                    let end = place + (isSigned ? 3 : 2)
                    afterTag(
                        end,
                        strips: isSigned && sign == UInt8(ascii: "-"),
                        trims: isBlock && !isSigned
                    )
                    return
                }
            }
            try token(&open)
        }
    }

    private mutating func token(_ open: inout [UInt8]) throws(ChatTemplateError) {
        let byte = source[place]
        switch byte {
        case 0x22, 0x27: try string(byte)
        case 0x30...0x39: try number()
        case 0x41...0x5a, 0x61...0x7a, 0x5f:
            var end = place
            while end < source.count, Self.isNameByte(source[end]) { end += 1 }
            add(.name(String(decoding: source[place..<end], as: UTF8.self)))
            advance(to: end)
        default:
            guard let sign = Self.signs.first(where: { source[place...].starts(with: $0) }) else {
                throw .syntax(line: line, reason: "unexpected byte 0x\(String(byte, radix: 16))")
            }
            try balance(sign[0], &open)
            add(.sign(String(decoding: sign, as: UTF8.self)))
            advance(to: place + sign.count)
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || byte == 0x5f
            || (0x61...0x7a).contains(byte)
    }

    private func balance(_ sign: UInt8, _ open: inout [UInt8]) throws(ChatTemplateError) {
        switch sign {
        case UInt8(ascii: "("): open.append(UInt8(ascii: ")"))
        case UInt8(ascii: "["): open.append(UInt8(ascii: "]"))
        case UInt8(ascii: "{"): open.append(UInt8(ascii: "}"))
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            guard open.popLast() == sign else {
                throw .syntax(line: line, reason: "brackets do not match")
            }
        default: break
        }
    }

    private mutating func number() throws(ChatTemplateError) {
        func digits(from start: Int) -> Int {
            var end = start
            while end < source.count, (0x30...0x39).contains(source[end]) || source[end] == 0x5f {
                end += 1
            }
            return end
        }
        func isDigit(_ place: Int) -> Bool {
            place < source.count && (0x30...0x39).contains(source[place])
        }
        var end = digits(from: place)
        let wholeEnd = end
        if has(".", at: end), isDigit(end + 1) { end = digits(from: end + 1) }
        if has("e", at: end) || has("E", at: end) {
            let isSigned = has("-", at: end + 1) || has("+", at: end + 1)
            let start = end + (isSigned ? 2 : 1)
            if isDigit(start) { end = digits(from: start) }
        }
        let text = String(decoding: source[place..<end].filter { $0 != 0x5f }, as: UTF8.self)
        if end > wholeEnd, let value = Double(text), value.isFinite {
            add(.real(value))
        } else if end == wholeEnd, let value = Int(text) {
            add(.integer(value))
        } else {
            throw .syntax(line: line, reason: "the number \(text) is too large")
        }
        advance(to: end)
    }

    private mutating func string(_ quote: UInt8) throws(ChatTemplateError) {
        var end = place + 1
        while end < source.count, source[end] != quote {
            end += source[end] == 0x5c ? 2 : 1
        }
        guard end < source.count else { throw .syntax(line: line, reason: "unclosed string") }
        guard let value = PythonText.unescaped(source[place + 1..<end]) else {
            throw .syntax(line: line, reason: "malformed escape in a string")
        }
        add(.string(value))
        advance(to: end + 1)
    }
}
