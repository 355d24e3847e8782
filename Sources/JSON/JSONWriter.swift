// Writes values back as text. Non-ASCII characters are written as UTF-8, never as escapes.

extension JSON {
    /// One line without spaces.
    package var compactBytes: [UInt8] {
        var writer = JSONWriter(indents: false)
        writer.write(self, level: 0)
        return writer.bytes
    }

    package var compactText: String { String(decoding: compactBytes, as: UTF8.self) }

    /// Two spaces a level, one member a line, no line break at the end.
    package var prettyText: String {
        var writer = JSONWriter(indents: true)
        writer.write(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

private struct JSONWriter {
    let indents: Bool
    var bytes: [UInt8] = []

    init(indents: Bool) { self.indents = indents }

    mutating func write(_ value: JSON, level: Int) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .number(let number): bytes += number.literal.utf8
        case .string(let text): write(text)
        case .array(let elements):
            write(open: "[", close: "]", count: elements.count, level: level) { writer, position in
                writer.write(elements[position], level: level + 1)
            }
        case .object(let object):
            write(open: "{", close: "}", count: object.count, level: level) { writer, position in
                let member = object.members[position]
                writer.write(member.key)
                writer.bytes += (writer.indents ? ": " : ":").utf8
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func write(
        open: String,
        close: String,
        count: Int,
        level: Int,
        element: (inout JSONWriter, Int) -> Void
    ) {
        bytes += open.utf8
        for position in 0..<count {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(level + 1)
            element(&self, position)
        }
        if count > 0 { breakLine(level) }
        bytes += close.utf8
    }

    private mutating func breakLine(_ level: Int) {
        guard indents else { return }
        bytes.append(0x0a)
        bytes += [UInt8](repeating: 0x20, count: 2 * level)
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x0a: bytes += "\\n".utf8
            case 0x0d: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes += "\\u".utf8
                bytes += String(repeating: "0", count: 4 - digits.utf8.count).utf8
                bytes += digits.utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
