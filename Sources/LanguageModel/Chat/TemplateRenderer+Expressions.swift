// What expressions are worth, by Python's rules.

extension TemplateRenderer {
    mutating func value(
        of expression: TemplateExpression,
        _ scope: TemplateScope
    ) throws(ChatTemplateError) -> TemplateValue {
        let line = expression.line
        try enter(line)
        defer { leave() }
        switch expression.kind {
        case .constant(let value): return value
        case .name(let name): return scope[name] ?? environment(name)
        case .list(let items): return .list(try values(of: items, scope))
        case .map(let members): return try map(members, scope, line)
        case .field(let owner, let name):
            return try field(name, of: value(of: owner, scope), line)
        case .item(let owner, let key):
            let owner = try value(of: owner, scope)
            return try item(value(of: key, scope), of: owner, line)
        case .slice(let owner, let from, let to, let step):
            return try slice(value(of: owner, scope), [from, to, step], scope, line)
        case .call(let callee, let arguments): return try call(callee, arguments, scope, line)
        case .filter(let input, let name, let arguments):
            let input = try value(of: input, scope)
            return try filter(name, input, values(of: arguments, scope), line)
        case .test(let input, let name, let arguments):
            let input = try value(of: input, scope)
            return .bool(try test(name, input, values(of: arguments, scope).positional, line))
        case .not(let operand): return .bool(try !value(of: operand, scope).isTrue)
        case .negative(let operand):
            return try arithmetic(.subtract, .integer(0), value(of: operand, scope), line)
        case .positive(let operand):
            return try arithmetic(.add, .integer(0), value(of: operand, scope), line)
        case .both(let left, let right):
            let left = try value(of: left, scope)
            return left.isTrue ? try value(of: right, scope) : left
        case .either(let left, let right):
            let left = try value(of: left, scope)
            return left.isTrue ? left : try value(of: right, scope)
        case .binary(let sign, let left, let right):
            let left = try value(of: left, scope)
            return try arithmetic(sign, left, value(of: right, scope), line)
        case .compare(let first, let rest): return .bool(try compare(first, rest, scope, line))
        case .choice(let value, let condition, let otherwise):
            if try self.value(of: condition, scope).isTrue {
                return try self.value(of: value, scope)
            }
            return try otherwise.map { expression throws(ChatTemplateError) in
                try self.value(of: expression, scope)
            } ?? .undefined("")
        }
    }

    private func environment(_ name: String) -> TemplateValue {
        switch name {
        case "raise_exception", "namespace", "range", "dict": .function(name)
        case "strftime_now" where now != nil: .function(name)
        default: .undefined(name)
        }
    }

    mutating func values(
        of expressions: [TemplateExpression],
        _ scope: TemplateScope
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try value(of: expression, scope)) }
        return values
    }

    mutating func values(
        of arguments: TemplateExpression.Arguments,
        _ scope: TemplateScope
    ) throws(ChatTemplateError) -> TemplateArguments {
        let positional = try values(of: arguments.positional, scope)
        var named: [String: TemplateValue] = [:]
        var names: [String] = []
        for (name, expression) in arguments.named {
            if named.updateValue(try value(of: expression, scope), forKey: name) == nil {
                names.append(name)
            }
        }
        return TemplateArguments(positional: positional, named: named, names: names)
    }

    private mutating func map(
        _ members: [(key: TemplateExpression, value: TemplateExpression)],
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var map = TemplateMap()
        for (key, value) in members {
            guard case .string(let key) = try self.value(of: key, scope) else {
                throw .unsupported(line: line, name: "a key that is no string")
            }
            map[key] = try self.value(of: value, scope)
        }
        return .map(map)
    }

    // MARK: - Fields

    /// `owner.name`
    func field(
        _ name: String,
        of owner: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch owner {
        case .undefined(let what):
            throw .failed(line: line, reason: "\(what.isEmpty ? "a value" : what) is undefined")
        case .map(let map):
            if TemplateMethods.ofMaps.contains(name) { return .function(name) }
            return map[Array(name.utf8)] ?? .undefined(name)
        case .string where TemplateMethods.ofStrings.contains(name): return .function(name)
        case .namespace(let namespace): return namespace.fields[name] ?? .undefined(name)
        case .loop(let loop): return loop.field(name) ?? .undefined(name)
        default: return .undefined(name)
        }
    }

    /// `owner[key]`
    mutating func item(
        _ key: TemplateValue,
        of owner: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (owner, key) {
        case (.map(let map), .string(let name)):
            return map[name] ?? .undefined(String(decoding: name, as: UTF8.self))
        case (.list(let items), _):
            guard let place = key.asInteger else { return .undefined("item") }
            let index = place < 0 ? items.count &+ place : place
            return items.indices.contains(index) ? items[index] : .undefined("item \(place)")
        case (.string(let text), .integer(let place)):
            try count(line, bytes: text.count)
            let scalars = PythonText.scalars(text)
            let index = place < 0 ? scalars.count &+ place : place
            guard scalars.indices.contains(index) else { return .undefined("item \(place)") }
            return .string(PythonText.bytes([scalars[index]]))
        case (.undefined, _), (_, .string):
            guard case .string(let name) = key else {
                return try field("item", of: owner, line)
            }
            return try field(String(decoding: name, as: UTF8.self), of: owner, line)
        default: return .undefined("item")
        }
    }

    private mutating func slice(
        _ owner: TemplateValue,
        _ bounds: [TemplateExpression?],
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var numbers: [Int?] = []
        for bound in bounds {
            guard let bound else {
                numbers.append(nil)
                continue
            }
            switch try value(of: bound, scope) {
            case .none: numbers.append(nil)
            case .integer(let number): numbers.append(number)
            case let other:
                throw .failed(line: line, reason: "a slice's bound is \(other.kind)")
            }
        }
        guard numbers[2] != 0 else { throw .failed(line: line, reason: "a slice's step is 0") }
        switch owner {
        case .list(let items):
            try count(line, bytes: items.count)
            let places = Self.places(items.count, numbers[0], numbers[1], numbers[2] ?? 1)
            return .list(places.map { items[$0] })
        case .string(let text):
            try count(line, bytes: text.count)
            let scalars = PythonText.scalars(text)
            let places = Self.places(scalars.count, numbers[0], numbers[1], numbers[2] ?? 1)
            return .string(PythonText.bytes(places.map { scalars[$0] }))
        case .undefined: return .undefined("slice")
        default: throw .failed(line: line, reason: "\(owner.kind) cannot be sliced")
        }
    }

    /// The places of `[from:to:step]`.
    private static func places(_ count: Int, _ from: Int?, _ to: Int?, _ step: Int) -> [Int] {
        func clamped(_ bound: Int?, _ standard: Int) -> Int {
            guard let bound else { return standard }
            let place = bound < 0 ? bound + count : bound
            return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
        }
        let start = clamped(from, step > 0 ? 0 : count - 1)
        let end = clamped(to, step > 0 ? count : -1)
        // A step beyond the list goes out of it at once.
        let stride = max(-count - 1, min(step, count + 1))
        return Array(Swift.stride(from: start, to: end, by: stride))
    }

    // MARK: - Comparison

    private mutating func compare(
        _ first: TemplateExpression,
        _ rest: [(comparison: TemplateExpression.Comparison, right: TemplateExpression)],
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        var left = try value(of: first, scope)
        for (comparison, right) in rest {
            let right = try value(of: right, scope)
            guard try holds(comparison, left, right, line) else { return false }
            left = right
        }
        return true
    }

    private mutating func holds(
        _ comparison: TemplateExpression.Comparison,
        _ left: TemplateValue,
        _ right: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        try count(line, bytes: min(Self.size(left), Self.size(right)))
        switch comparison {
        case .equal: return TemplateValue.areEqual(left, right)
        case .unequal: return !TemplateValue.areEqual(left, right)
        case .less: return try isLess(left, right, line)
        case .greater: return try isLess(right, left, line)
        case .lessOrEqual: return try !isLess(right, left, line)
        case .greaterOrEqual: return try !isLess(left, right, line)
        case .within: return try contains(left, in: right, line)
        case .notWithin: return try !contains(left, in: right, line)
        }
    }

    func isLess(
        _ left: TemplateValue,
        _ right: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        guard let isLess = TemplateValue.isLess(left, right) else {
            throw .failed(line: line, reason: "\(left.kind) and \(right.kind) have no order")
        }
        return isLess
    }

    mutating func contains(
        _ value: TemplateValue,
        in owner: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch owner {
        case .undefined: return false
        case .list(let items):
            try count(line, bytes: items.count)
            return items.contains { TemplateValue.areEqual($0, value) }
        case .map(let map):
            guard case .string(let key) = value else { return false }
            return map[key] != nil
        case .string(let text):
            guard case .string(let part) = value else {
                throw .failed(line: line, reason: "\(value.kind) is looked for in a string")
            }
            try count(line, bytes: text.count)
            return part.isEmpty || !PythonText.occurrences(part, in: text, limit: 1).isEmpty
        default: throw .failed(line: line, reason: "\(owner.kind) contains nothing")
        }
    }

    /// About how many bytes comparing the value looks at; counted a level deep.
    static func size(_ value: TemplateValue) -> Int {
        switch value {
        case .string(let text): text.count
        case .list(let items): items.count
        case .map(let map): map.count
        default: 1
        }
    }
}
