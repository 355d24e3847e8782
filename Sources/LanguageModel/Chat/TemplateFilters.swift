// Filters, `value | name(arguments)`.

extension TemplateRenderer {
    mutating func filter(
        _ name: String,
        _ input: TemplateValue,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        try count(line, bytes: Self.size(input))
        switch name {
        case "default", "d":
            let standard = arguments.value(0, "default_value") ?? .text("")
            if case .undefined = input { return standard }
            let countsFalse = arguments.value(1, "boolean")?.isTrue ?? false
            return countsFalse && !input.isTrue ? standard : input
        case "length", "count": return .integer(try length(input, line))
        case "string": return .string(try text(input, line))
        case "safe": return input
        case "tojson": return .string(try json(input, arguments, line))
        case "items":
            if case .undefined = input { return .list([]) }
            return try method("items", of: input, arguments, line)
        case "int", "float", "abs", "round": return try number(name, input, arguments, line)
        case "trim", "upper", "lower", "title", "capitalize", "replace", "indent", "escape", "e":
            return .string(try textFilter(name, text(input, line), arguments, line))
        case "dictsort":
            guard case .map(let map) = input else {
                throw .failed(line: line, reason: "dictsort takes a dict")
            }
            let keys = map.keys.sorted {
                Self.folded($0).lexicographicallyPrecedes(Self.folded($1))
            }
            return .list(keys.map { .list([.string($0), map[$0] ?? .none]) })
        case "map", "select", "reject", "selectattr", "rejectattr":
            // These take what is false for an empty list.
            let items = input.isTrue ? try elements(input, line) : []
            return try listFilter(name, items, arguments, line)
        default:
            return try listFilter(name, elements(input, line), arguments, line)
        }
    }

    private static func folded(_ text: [UInt8]) -> [UInt8] {
        Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
    }

    private func length(_ value: TemplateValue, _ line: Int) throws(ChatTemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .string(let text): return PythonText.length(text)
        case .list(let items): return items.count
        case .map(let map): return map.count
        default: throw .failed(line: line, reason: "\(value.kind) has no length")
        }
    }

    private mutating func json(
        _ value: TemplateValue,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        var writer = TemplateJSON()
        guard arguments.positional.isEmpty else {
            throw .unsupported(line: line, name: "tojson with unnamed arguments")
        }
        for name in arguments.names {
            switch (name, arguments.named[name] ?? .none) {
            case ("indent", .none), ("separators", .none): break
            case ("ensure_ascii", let value): writer.escapesNonASCII = value.isTrue
            case ("indent", .integer(let width)) where (0...64).contains(width):
                writer.indent = [UInt8](repeating: 0x20, count: width)
                writer.itemSeparator = [0x2c]
            case ("sort_keys", let value): writer.sortsKeys = value.isTrue
            case ("separators", .list(let parts)):
                guard parts.count == 2, case .string(let item) = parts[0],
                    case .string(let key) = parts[1]
                else { throw .failed(line: line, reason: "tojson takes two separators") }
                writer.itemSeparator = item
                writer.keySeparator = key
            default: throw .unsupported(line: line, name: "tojson with this \(name)")
            }
        }
        var text: [UInt8] = []
        try writer.write(value, line, to: &text)
        try count(line, bytes: text.count)
        return text
    }

    private mutating func textFilter(
        _ name: String,
        _ text: [UInt8],
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        switch name {
        case "trim":
            let arguments = TemplateArguments(
                positional: arguments.value(0, "chars").map { [$0] } ?? [],
                named: [:],
                names: []
            )
            return try self.text(method("strip", of: .string(text), arguments, line), line)
        case "upper", "lower":
            return try self.text(method(name, of: .string(text), arguments, line), line)
        case "capitalize": return Self.capitalized(text, everyWord: false)
        case "title": return Self.capitalized(text, everyWord: true)
        case "replace":
            guard let old = arguments.text(0, "s") ?? arguments.text(0, "old"),
                let new = arguments.text(1, "new")
            else { throw .failed(line: line, reason: "replace takes two strings") }
            return try replace(text, old, new, arguments.value(2, "count")?.asInteger, line)
        case "indent": return try indent(text, arguments, line)
        default:
            var result = text
            for (plain, escaped) in [
                ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&#34;"), ("'", "&#39;"),
            ] {
                result = try replace(result, Array(plain.utf8), Array(escaped.utf8), nil, line)
            }
            return result
        }
    }

    private mutating func indent(
        _ text: [UInt8],
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        let margin: [UInt8]
        switch arguments.value(0, "width") {
        case .string(let text): margin = text
        case nil: margin = [UInt8](repeating: 0x20, count: 4)
        case .integer(let width) where (0...256).contains(width):
            margin = [UInt8](repeating: 0x20, count: width)
        default: throw .failed(line: line, reason: "indent takes a width")
        }
        let first = arguments.value(1, "first")?.isTrue ?? false
        let blank = arguments.value(2, "blank")?.isTrue ?? false
        var lines = PythonText.split(text, by: [0x0a])
        try count(line, bytes: text.count + lines.count * margin.count)
        for place in lines.indices where place > 0 && (blank || !lines[place].isEmpty) {
            lines[place] = margin + lines[place]
        }
        return (first ? margin : []) + Array(lines.joined(separator: [0x0a]))
    }

    private func number(
        _ name: String,
        _ input: TemplateValue,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var value = input
        if case .string(let text) = input {
            let trimmed = PythonText.trimmed(text[...], left: true, right: true) {
                PythonText.isSpace($0)
            }
            let digits = String(decoding: trimmed, as: UTF8.self)
            value = Int(digits).map { .integer($0) } ?? Double(digits).map { .real($0) } ?? .none
        }
        switch name {
        case "abs":
            if let number = value.asInteger, number > .min { return .integer(abs(number)) }
            if let number = value.asReal { return .real(abs(number)) }
        case "float":
            return value.asReal.map { .real($0) } ?? arguments.value(0, "default") ?? .real(0)
        case "int":
            if let number = value.asInteger { return .integer(number) }
            if let number = value.asReal, let whole = Int(exactly: number.rounded(.towardZero)) {
                return .integer(whole)
            }
            return arguments.value(0, "default") ?? .integer(0)
        default:
            let precision = arguments.value(0, "precision")?.asInteger ?? 0
            if let number = value.asReal, precision == 0 {
                return .real(number.rounded(.toNearestOrEven))
            }
            throw .unsupported(line: line, name: "rounding like this")
        }
        throw .failed(line: line, reason: "\(input.kind) is no number")
    }
}
