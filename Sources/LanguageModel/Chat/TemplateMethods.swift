// Methods of strings, dictionaries and lists. Those that would change a value are refused, as the
// sandbox of the reference does.

enum TemplateMethods {
    static let ofMaps: Set = ["items", "keys", "values", "get", "copy"]
    static let ofStrings: Set = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith",
        "replace", "upper", "lower", "title", "capitalize", "find", "rfind", "index", "count",
        "join", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower",
        "removeprefix", "removesuffix",
    ]
}

extension TemplateRenderer {
    mutating func method(
        _ name: String,
        of owner: TemplateValue,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch owner {
        case .undefined(let what):
            throw .failed(line: line, reason: "\(what.isEmpty ? "a value" : what) is undefined")
        case .string(let text):
            try count(line, bytes: 2 * text.count)
            return try method(name, of: text, arguments, line)
        case .map(let map):
            try count(line, bytes: map.count)
            switch name {
            case "items":
                return .list(map.keys.map { .list([.string($0), map[$0] ?? .none]) })
            case "keys": return .list(map.keys.map { .string($0) })
            case "values": return .list(map.values)
            case "copy": return owner
            case "get":
                let standard = arguments.value(1, "default") ?? TemplateValue.none
                guard let key = arguments.text(0, "key") else { return standard }
                return map[key] ?? standard
            default: break
            }
        case .list(let items):
            try count(line, bytes: items.count)
            switch name {
            case "count", "index":
                guard let wanted = arguments.positional.first else { break }
                let places = items.indices.filter { TemplateValue.areEqual(items[$0], wanted) }
                if name == "count" { return .integer(places.count) }
                guard let first = places.first else {
                    throw .failed(line: line, reason: "the value is not in the list")
                }
                return .integer(first)
            case "copy": return owner
            default: break
            }
        default: break
        }
        if case .undefined = try field(name, of: owner, line) {
            throw .failed(line: line, reason: "\(owner.kind) has no method \(name)")
        }
        throw .unsupported(line: line, name: "the method \(name) of \(owner.kind)")
    }

    private mutating func method(
        _ name: String,
        of text: [UInt8],
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "strip", "lstrip", "rstrip":
            return .string(try strip(text, name, arguments, line))
        case "split", "rsplit": return try split(text, name, arguments, line)
        case "splitlines":
            return .list(Self.lines(text).map { .string($0) })
        case "startswith", "endswith": return try affix(text, name, arguments, line)
        case "removeprefix", "removesuffix":
            let part = try required(arguments, line)
            if name == "removeprefix" {
                return .string(text.starts(with: part) ? Array(text.dropFirst(part.count)) : text)
            }
            return .string(
                text.reversed().starts(with: part.reversed())
                    ? Array(text.dropLast(part.count)) : text
            )
        case "replace":
            guard let old = arguments.text(0, "old"), let new = arguments.text(1, "new") else {
                throw .failed(line: line, reason: "replace takes two strings")
            }
            return .string(
                try replace(text, old, new, arguments.value(2, "count")?.asInteger, line)
            )
        case "upper": return .text(String(decoding: text, as: UTF8.self).uppercased())
        case "lower": return .text(String(decoding: text, as: UTF8.self).lowercased())
        case "title", "capitalize":
            return .string(Self.capitalized(text, everyWord: name == "title"))
        case "find", "rfind", "index", "count": return try find(text, name, arguments, line)
        case "join":
            guard let list = arguments.positional.first else {
                throw .failed(line: line, reason: "join takes a list")
            }
            return .string(try join(elements(list, line), text, line))
        default: return .bool(try holdsForAll(text, name, line))
        }
    }

    private func required(
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        guard case .string(let text)? = arguments.positional.first else {
            throw .failed(line: line, reason: "a string is missing")
        }
        return text
    }

    private func strip(
        _ text: [UInt8],
        _ name: String,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        var cut: Set<Unicode.Scalar>?
        switch arguments.value(0, "chars") {
        case nil, .some(.none): cut = nil
        case .string(let characters): cut = Set(PythonText.scalars(characters))
        case .some(let other):
            throw .failed(line: line, reason: "\(name) takes a string, not \(other.kind)")
        }
        let trimmed = PythonText.trimmed(
            text[...],
            left: name != "rstrip",
            right: name != "lstrip"
        ) { cut?.contains($0) ?? PythonText.isSpace($0) }
        return Array(trimmed)
    }

    private mutating func split(
        _ text: [UInt8],
        _ name: String,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let limit = arguments.value(1, "maxsplit")?.asInteger ?? -1
        let most = limit < 0 ? Int.max : limit
        guard let separator = arguments.text(0, "sep") else {
            guard name == "split" || limit < 0 else {
                throw .unsupported(line: line, name: "rsplit without a separator")
            }
            return .list(PythonText.words(text, limit: most).map { .string($0) })
        }
        guard !separator.isEmpty else { throw .failed(line: line, reason: "an empty separator") }
        if name == "split" {
            return .list(PythonText.split(text, by: separator, limit: most).map { .string($0) })
        }
        let backwards = PythonText.split(text.reversed(), by: separator.reversed(), limit: most)
        return .list(backwards.reversed().map { .string($0.reversed()) })
    }

    private func affix(
        _ text: [UInt8],
        _ name: String,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var parts: [[UInt8]] = []
        switch arguments.positional.first {
        case .string(let part): parts = [part]
        case .list(let items):
            for case .string(let part) in items { parts.append(part) }
        default: throw .failed(line: line, reason: "\(name) takes a string")
        }
        return .bool(
            parts.contains { part in
                name == "startswith"
                    ? text.starts(with: part) : text.suffix(part.count).elementsEqual(part)
            }
        )
    }

    mutating func replace(
        _ text: [UInt8],
        _ old: [UInt8],
        _ new: [UInt8],
        _ limit: Int?,
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        guard !old.isEmpty else {
            throw .unsupported(line: line, name: "replacing the empty string")
        }
        let most = limit.map { $0 < 0 ? Int.max : $0 } ?? .max
        let places = PythonText.occurrences(old, in: text, limit: most)
        let (bytes, overflow) = places.count.multipliedReportingOverflow(by: new.count)
        guard !overflow, bytes <= Self.outputLimit else {
            throw .overLimit(line: line, what: "bytes of output", limit: Self.outputLimit)
        }
        try count(line, bytes: bytes)
        return PythonText.replaced(text, old, new, limit: most)
    }

    private func find(
        _ text: [UInt8],
        _ name: String,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let part = try required(arguments, line)
        guard !part.isEmpty, arguments.positional.count == 1 else {
            throw .unsupported(line: line, name: "\(name) with these arguments")
        }
        if name == "count" { return .integer(PythonText.occurrences(part, in: text).count) }
        let place: Int?
        if name == "rfind" {
            place = PythonText.occurrences(part.reversed(), in: text.reversed(), limit: 1).first
                .map { text.count - $0 - part.count }
        } else {
            place = PythonText.occurrences(part, in: text, limit: 1).first
        }
        guard let place else {
            guard name != "index" else { throw .failed(line: line, reason: "nothing is found") }
            return .integer(-1)
        }
        return .integer(PythonText.length(Array(text[..<place])))
    }

    mutating func join(
        _ items: [TemplateValue],
        _ separator: [UInt8],
        _ line: Int
    ) throws(ChatTemplateError) -> [UInt8] {
        var result: [UInt8] = []
        for (place, item) in items.enumerated() {
            let part = try (place > 0 ? separator : []) + text(item, line)
            try count(line, bytes: part.count)
            result += part
        }
        return result
    }

    private static func lines(_ text: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var place = 0
        while place < text.count {
            let byte = text[place]
            place += 1
            guard byte == 0x0a || byte == 0x0d else {
                line.append(byte)
                continue
            }
            if byte == 0x0d, place < text.count, text[place] == 0x0a { place += 1 }
            lines.append(line)
            line = []
        }
        return line.isEmpty ? lines : lines + [line]
    }

    static func capitalized(_ text: [UInt8], everyWord: Bool) -> [UInt8] {
        var result = ""
        var isStart = true
        for scalar in PythonText.scalars(text) {
            result +=
                isStart ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
            isStart = everyWord && !scalar.properties.isCased
        }
        return Array(result.utf8)
    }

    private func holdsForAll(
        _ text: [UInt8],
        _ name: String,
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        let scalars = PythonText.scalars(text)
        switch name {
        case "isspace": return !scalars.isEmpty && scalars.allSatisfy(PythonText.isSpace)
        case "isdigit":
            return !scalars.isEmpty
                && scalars.allSatisfy {
                    $0.properties.numericType == .decimal || $0.properties.numericType == .digit
                }
        case "isalpha": return !scalars.isEmpty && scalars.allSatisfy(Self.isLetter)
        case "isalnum":
            return !scalars.isEmpty
                && scalars.allSatisfy { Self.isLetter($0) || $0.properties.numericType != nil }
        case "isupper", "islower":
            let wanted = name == "isupper"
            return scalars.contains { $0.properties.isCased }
                && scalars.allSatisfy {
                    !$0.properties.isCased
                        || (wanted ? $0.properties.isUppercase : $0.properties.isLowercase)
                }
        default: throw .failed(line: line, reason: "str has no method \(name)")
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default: false
        }
    }
}
