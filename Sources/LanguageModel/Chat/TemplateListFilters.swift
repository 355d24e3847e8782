// Filters of lists, and tests, `value is name(arguments)`.

extension TemplateRenderer {
    mutating func listFilter(
        _ name: String,
        _ items: [TemplateValue],
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "list": return .list(items)
        case "first": return items.first ?? .undefined("first")
        case "last": return items.last ?? .undefined("last")
        case "reverse": return .list(items.reversed())
        case "join":
            var items = items
            if let attribute = arguments.text(1, "attribute") {
                items = try fields(attribute, of: items, line)
            }
            return .string(try join(items, arguments.text(0, "d") ?? [], line))
        case "map": return .list(try mapped(items, arguments, line))
        case "select", "reject": return try selected(items, name == "select", arguments, line)
        case "selectattr", "rejectattr":
            return try selected(items, name == "selectattr", byField: arguments, line)
        case "unique":
            var unique: [TemplateValue] = []
            for item in items {
                try count(line, bytes: unique.count)
                if !unique.contains(where: { TemplateValue.areEqual($0, item) }) {
                    unique.append(item)
                }
            }
            return .list(unique)
        case "sort": return .list(try sorted(items, arguments, line))
        case "sum":
            var sum = TemplateValue.integer(0)
            for item in items { sum = try arithmetic(.add, sum, item, line) }
            return sum
        case "min", "max":
            var best: TemplateValue?
            for item in items {
                guard let current = best else {
                    best = item
                    continue
                }
                let isBetter =
                    try name == "min" ? isLess(item, current, line) : isLess(current, item, line)
                if isBetter { best = item }
            }
            return best ?? .undefined(name)
        default: throw .unsupported(line: line, name: "the filter \(name)")
        }
    }

    /// A field by a name that may have dots.
    private mutating func fields(
        _ path: [UInt8],
        of items: [TemplateValue],
        _ line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let names = PythonText.split(path, by: [0x2e])
        var result: [TemplateValue] = []
        for item in items {
            var value = item
            for name in names {
                let key: TemplateValue =
                    Int(String(decoding: name, as: UTF8.self)).map { .integer($0) } ?? .string(name)
                value = try self.item(key, of: value, line)
            }
            result.append(value)
        }
        return result
    }

    private mutating func mapped(
        _ items: [TemplateValue],
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        if let attribute = arguments.named["attribute"], case .string(let path) = attribute {
            let standard = arguments.named["default"]
            return try fields(path, of: items, line).map {
                if let standard, case .undefined = $0 { standard } else { $0 }
            }
        }
        guard let name = arguments.text(0, "filter") else {
            throw .failed(line: line, reason: "map takes a filter or an attribute")
        }
        let rest = TemplateArguments(
            positional: Array(arguments.positional.dropFirst()),
            named: arguments.named,
            names: arguments.names
        )
        var result: [TemplateValue] = []
        for item in items {
            result.append(try filter(String(decoding: name, as: UTF8.self), item, rest, line))
        }
        return result
    }

    private mutating func selected(
        _ items: [TemplateValue],
        _ wanted: Bool,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        try selected(items, values: items, wanted, arguments.positional[...], line)
    }

    private mutating func selected(
        _ items: [TemplateValue],
        _ wanted: Bool,
        byField arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let path = arguments.text(0, "attribute") else {
            throw .failed(line: line, reason: "an attribute is missing")
        }
        let values = try fields(path, of: items, line)
        return try selected(items, values: values, wanted, arguments.positional.dropFirst(), line)
    }

    private mutating func selected(
        _ items: [TemplateValue],
        values: [TemplateValue],
        _ wanted: Bool,
        _ arguments: ArraySlice<TemplateValue>,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var kept: [TemplateValue] = []
        for (item, value) in zip(items, values) {
            let holds: Bool
            if case .string(let name)? = arguments.first {
                let name = String(decoding: name, as: UTF8.self)
                holds = try test(name, value, Array(arguments.dropFirst()), line)
            } else {
                holds = value.isTrue
            }
            if holds == wanted { kept.append(item) }
        }
        return .list(kept)
    }

    private mutating func sorted(
        _ items: [TemplateValue],
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var keys = items
        if let path = arguments.text(2, "attribute") { keys = try fields(path, of: items, line) }
        if arguments.value(1, "case_sensitive")?.isTrue != true {
            keys = keys.map {
                guard case .string(let text) = $0 else { return $0 }
                return .text(String(decoding: text, as: UTF8.self).lowercased())
            }
        }
        let isReversed = arguments.value(0, "reverse")?.isTrue ?? false
        for (left, right) in zip(keys, keys.dropFirst()) { _ = try isLess(left, right, line) }
        let order = keys.indices.sorted { left, right in
            let (first, second) = isReversed ? (right, left) : (left, right)
            if TemplateValue.isLess(keys[first], keys[second]) == true { return true }
            if TemplateValue.isLess(keys[second], keys[first]) == true { return false }
            return left < right
        }
        return order.map { items[$0] }
    }

    // MARK: - Tests

    mutating func test(
        _ name: String,
        _ value: TemplateValue,
        _ arguments: [TemplateValue],
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        if let kind = testOfKind(name, value) { return kind }
        switch name {
        case "odd", "even":
            guard let number = value.asInteger else {
                throw .failed(line: line, reason: "\(value.kind) is neither odd nor even")
            }
            return number.isMultiple(of: 2) == (name == "even")
        case "lower", "upper":
            let text = try text(value, line)
            let result = try method(
                "is\(name)",
                of: .string(text),
                .init(positional: [], named: [:], names: []),
                line
            )
            return result.isTrue
        default: break
        }
        guard let other = arguments.first else {
            throw .unsupported(line: line, name: "the test \(name)")
        }
        switch name {
        case "eq", "equalto": return TemplateValue.areEqual(value, other)
        case "ne": return !TemplateValue.areEqual(value, other)
        case "lt", "lessthan": return try isLess(value, other, line)
        case "gt", "greaterthan": return try isLess(other, value, line)
        case "le": return try !isLess(other, value, line)
        case "ge": return try !isLess(value, other, line)
        case "in": return try contains(value, in: other, line)
        case "sameas": return value.kind == other.kind && TemplateValue.areEqual(value, other)
        case "divisibleby":
            guard let number = value.asInteger, let divisor = other.asInteger, divisor != 0 else {
                throw .failed(line: line, reason: "divisibleby takes integers other than 0")
            }
            return number.isMultiple(of: divisor)
        default: throw .unsupported(line: line, name: "the test \(name)")
        }
    }

    /// Nil for names that do not ask for a kind.
    private func testOfKind(_ name: String, _ value: TemplateValue) -> Bool? {
        switch (name, value) {
        case ("defined", .undefined), ("undefined", .undefined): name == "undefined"
        case ("defined", _), ("undefined", _): name == "defined"
        case ("none", .none), ("string", .string), ("boolean", .bool), ("integer", .integer),
            ("float", .real), ("mapping", .map):
            true
        case ("none", _), ("string", _), ("boolean", _), ("integer", _), ("float", _),
            ("mapping", _):
            false
        case ("number", _): value.asReal != nil
        case ("true", .bool(let flag)): flag
        case ("false", .bool(let flag)): !flag
        case ("true", _), ("false", _): false
        case ("sequence", .string), ("sequence", .list), ("sequence", .map),
            ("sequence", .undefined):
            true
        case ("sequence", _): false
        case ("iterable", .string), ("iterable", .list), ("iterable", .map),
            ("iterable", .undefined):
            true
        case ("iterable", _): false
        case ("callable", .function), ("callable", .macro): true
        case ("callable", _): false
        default: nil
        }
    }
}
