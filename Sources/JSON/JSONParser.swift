// A strict reader of RFC 8259: one value and nothing after it, valid UTF-8, paired surrogates, no
// key twice. Lax readers differ on such texts, and what one checks another would then execute.

extension JSON {
    /// Parses a whole text.
    ///
    /// - Parameters:
    ///   - byteLimit: longer texts are refused before a byte is looked at.
    ///   - depthLimit: arrays and objects inside each other; bounds the recursion.
    package static func parse(
        _ bytes: [UInt8],
        byteLimit: Int = .max,
        depthLimit: Int = 64
    ) throws(JSONError) -> JSON {
        guard bytes.count <= byteLimit else {
            throw .tooLong(bytes: bytes.count, limit: byteLimit)
        }
        var parser = JSONParser(bytes: bytes, depthLimit: depthLimit)
        return try parser.document()
    }

    package static func parse(_ text: String) throws(JSONError) -> JSON {
        try parse(Array(text.utf8))
    }
}

struct JSONParser {
    private let bytes: [UInt8]
    private let depthLimit: Int
    private var offset = 0
    private var depth = 0

    init(bytes: [UInt8], depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try value()
        skipSpace()
        guard offset == bytes.count else { throw .trailingBytes(offset: offset) }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"):
            return try nested { parser throws(JSONError) in try parser.object() }
        case UInt8(ascii: "["): return try nested { parser throws(JSONError) in try parser.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case let byte: throw .unexpectedByte(byte, offset: offset)
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(JSONError) -> JSON
    ) throws(JSONError) -> JSON {
        guard depth < depthLimit else { throw .tooDeep(offset: offset, limit: depthLimit) }
        depth += 1
        offset += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [JSONObject.Member] = []
        let start = offset
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            offset += 1
            return .object(JSONObject(members))
        }
        while true {
            skipSpace()
            try require(UInt8(ascii: "\""), consume: false)
            let key = try string()
            skipSpace()
            try require(UInt8(ascii: ":"))
            members.append(.init(key: key, value: try value()))
            skipSpace()
            if try peek() == UInt8(ascii: ",") {
                offset += 1
                continue
            }
            try require(UInt8(ascii: "}"))
            guard let object = JSONObject(unique: members) else {
                throw duplicate(in: members, objectAt: start)
            }
            return .object(object)
        }
    }

    /// Names the first key that repeats an earlier one.
    private func duplicate(in members: [JSONObject.Member], objectAt start: Int) -> JSONError {
        var seen: Set<[UInt8]> = []
        let repeated = members.first { !seen.insert(Array($0.key.utf8)).inserted }
        return .duplicateKey(repeated?.key ?? "", offset: start)
    }

    private mutating func array() throws(JSONError) -> JSON {
        var elements: [JSON] = []
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            if try peek() == UInt8(ascii: ",") {
                offset += 1
                continue
            }
            try require(UInt8(ascii: "]"))
            return .array(elements)
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for byte in "\(text)".utf8 { try require(byte) }
        return value
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = offset
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let zero = offset < bytes.count && bytes[offset] == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !(zero && whole > 1) else { throw .invalidNumber(offset: start) }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            guard digits() > 0 else { throw .invalidNumber(offset: start) }
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count,
                bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-")
            {
                offset += 1
            }
            guard digits() > 0 else { throw .invalidNumber(offset: start) }
        }
        return .number(JSONNumber(checked: String(decoding: bytes[start..<offset], as: UTF8.self)))
    }

    /// Steps over decimal digits and counts them.
    private mutating func digits() -> Int {
        let start = offset
        while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] {
            offset += 1
        }
        return offset - start
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard offset < bytes.count else { throw .unexpectedEnd }
        return bytes[offset]
    }

    private mutating func require(_ byte: UInt8, consume: Bool = true) throws(JSONError) {
        let found = try peek()
        guard found == byte else { throw .unexpectedByte(found, offset: offset) }
        if consume { offset += 1 }
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0a, 0x0d: offset += 1
            default: return
            }
        }
    }
}

extension JSONParser {
    /// Reads a string; `offset` is at its opening quote.
    private mutating func string() throws(JSONError) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        var plain = offset
        while true {
            switch try peek() {
            case UInt8(ascii: "\""):
                text += bytes[plain..<offset]
                offset += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw .invalidUTF8(offset: start)
                }
                return string
            case UInt8(ascii: "\\"):
                text += bytes[plain..<offset]
                text += try escape()
                plain = offset
            case 0..<0x20: throw .controlCharacter(offset: offset)
            default: offset += 1
            }
        }
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        let start = offset
        offset += 1
        let letter = try peek()
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape(from: start)
        default: throw .invalidEscape(offset: start)
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(JSONError) -> [UInt8] {
        var code = try fourHexDigits(from: start)
        if 0xd800..<0xdc00 ~= code {
            guard bytes[offset...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
                throw .invalidEscape(offset: start)
            }
            offset += 2
            let low = try fourHexDigits(from: start)
            guard 0xdc00..<0xe000 ~= low else { throw .invalidEscape(offset: start) }
            code = 0x1_0000 + (code - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .invalidEscape(offset: start) }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func fourHexDigits(from start: Int) throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let byte = try peek()
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw .invalidEscape(offset: start)
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
