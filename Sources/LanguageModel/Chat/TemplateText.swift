// Values as text: Python's `str` and `repr`, and JSON as `json.dumps` writes it.

extension TemplateRenderer {
    /// What `{{ }}` prints.
    mutating func text(
        _ value: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        switch value {
        case .string(let text): return text
        case .undefined: return []
        default:
            var text: [UInt8] = []
            try represent(value, line, &text)
            try count(line, bytes: text.count)
            return text
        }
    }

    /// - Precondition: the value has passed `check`, or is an expression over such values, so that
    ///   its depth is bounded.
    private func represent(
        _ value: TemplateValue,
        _ line: Int,
        _ text: inout [UInt8]
    ) throws(ChatTemplateError) {
        guard text.count <= Self.outputLimit else {
            throw .overLimit(line: line, what: "bytes of output", limit: Self.outputLimit)
        }
        switch value {
        case .undefined: text += "Undefined".utf8
        case .none: text += "None".utf8
        case .bool(let value): text += (value ? "True" : "False").utf8
        case .integer(let value): text += String(value).utf8
        case .real(let value): text += Self.digits(value).utf8
        case .string(let value): text += Self.quoted(value)
        case .list(let items):
            text.append(0x5b)
            for (place, item) in items.enumerated() {
                if place > 0 { text += ", ".utf8 }
                try represent(item, line, &text)
            }
            text.append(0x5d)
        case .map(let map):
            text.append(0x7b)
            for (place, key) in map.keys.enumerated() {
                if place > 0 { text += ", ".utf8 }
                text += Self.quoted(key) + ": ".utf8
                try represent(map[key] ?? .none, line, &text)
            }
            text.append(0x7d)
        case .namespace, .macro, .loop, .function:
            throw .unsupported(line: line, name: "printing a \(value.kind)")
        }
    }

    /// Python's `repr` of a float has the same shortest digits as Swift's description.
    static func digits(_ value: Double) -> String {
        value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : "\(value)"
    }

    /// Python's `repr` of a string.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        let quote: UInt8 = text.contains(0x27) && !text.contains(0x22) ? 0x22 : 0x27
        var result = [quote]
        for scalar in PythonText.scalars(text) {
            switch scalar {
            case "\\": result += "\\\\".utf8
            case "\n": result += "\\n".utf8
            case "\r": result += "\\r".utf8
            case "\t": result += "\\t".utf8
            default:
                if scalar.value == UInt32(quote) {
                    result += [0x5c, quote]
                } else if scalar.value < 0x20 || scalar.value == 0x7f {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\x\(digits.count == 1 ? "0" : "")\(digits)".utf8
                } else {
                    result += PythonText.bytes([scalar])
                }
            }
        }
        return result + [quote]
    }
}

/// `json.dumps`.
struct TemplateJSON {
    var escapesNonASCII = false
    var indent: [UInt8]?
    var itemSeparator: [UInt8] = Array(", ".utf8)
    var keySeparator: [UInt8] = Array(": ".utf8)
    var sortsKeys = false

    func write(
        _ value: TemplateValue,
        _ line: Int,
        level: Int = 0,
        to text: inout [UInt8]
    ) throws(ChatTemplateError) {
        guard text.count <= TemplateRenderer.outputLimit else {
            throw .overLimit(
                line: line,
                what: "bytes of output",
                limit: TemplateRenderer.outputLimit
            )
        }
        switch value {
        case .none: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .integer(let value): text += String(value).utf8
        case .real(let value): text += TemplateRenderer.digits(value).utf8
        case .string(let value): quote(value, &text)
        case .list(let items):
            text.append(0x5b)
            for (place, item) in items.enumerated() {
                if place > 0 { text += itemSeparator }
                breakLine(level + 1, &text)
                try write(item, line, level: level + 1, to: &text)
            }
            if !items.isEmpty { breakLine(level, &text) }
            text.append(0x5d)
        case .map(let map):
            text.append(0x7b)
            let keys = sortsKeys ? map.keys.sorted { $0.lexicographicallyPrecedes($1) } : map.keys
            for (place, key) in keys.enumerated() {
                if place > 0 { text += itemSeparator }
                breakLine(level + 1, &text)
                quote(key, &text)
                text += keySeparator
                try write(map[key] ?? .none, line, level: level + 1, to: &text)
            }
            if !keys.isEmpty { breakLine(level, &text) }
            text.append(0x7d)
        case .undefined, .namespace, .macro, .loop, .function:
            throw .failed(line: line, reason: "\(value.kind) has no JSON")
        }
    }

    private func breakLine(_ level: Int, _ text: inout [UInt8]) {
        guard let indent else { return }
        text.append(0x0a)
        for _ in 0..<level { text += indent }
    }

    private func quote(_ value: [UInt8], _ text: inout [UInt8]) {
        guard !escapesNonASCII || value.allSatisfy({ $0 < 0x7f }) else {
            text.append(0x22)
            for unit in String(decoding: value, as: UTF8.self).utf16 {
                if unit < 0x80 {
                    Self.escape(UInt8(unit), &text)
                } else {
                    let digits = String(unit, radix: 16)
                    text +=
                        "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8
                }
            }
            text.append(0x22)
            return
        }
        text.append(0x22)
        for byte in value { Self.escape(byte, &text) }
        text.append(0x22)
    }

    private static func escape(_ byte: UInt8, _ text: inout [UInt8]) {
        switch byte {
        case 0x22: text += "\\\"".utf8
        case 0x5c: text += "\\\\".utf8
        case 0x08: text += "\\b".utf8
        case 0x09: text += "\\t".utf8
        case 0x0a: text += "\\n".utf8
        case 0x0c: text += "\\f".utf8
        case 0x0d: text += "\\r".utf8
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            text += "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8
        default: text.append(byte)
        }
    }
}
