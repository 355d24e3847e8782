// Expressions, in the order in which Jinja binds them.

extension TemplateParser {
    private func make(
        _ kind: TemplateExpression.Kind,
        over depth: Int...,
        at line: Int? = nil
    ) throws(ChatTemplateError) -> TemplateExpression {
        let depth = 1 + (depth.max() ?? 0)
        guard depth <= Self.expressionDepthLimit else {
            throw .overLimit(
                line: self.line,
                what: "expressions inside each other",
                limit: Self.expressionDepthLimit
            )
        }
        return TemplateExpression(kind: kind, line: line ?? self.line, depth: depth)
    }

    /// One expression, or several with commas between them as a list.
    mutating func tuple(mayChoose: Bool = true) throws(ChatTemplateError) -> TemplateExpression {
        let first = try mayChoose ? expression() : either()
        guard isSign(",") else { return first }
        var items = [first]
        while take(sign: ",") {
            if isTupleEnd { break }
            items.append(try mayChoose ? expression() : either())
        }
        return try make(.list(items), over: items.map(\.depth).max() ?? 0)
    }

    private var isTupleEnd: Bool {
        switch current.kind {
        case .blockEnd, .outputEnd, .sign(")"): true
        default: false
        }
    }

    mutating func expression() throws(ChatTemplateError) -> TemplateExpression {
        guard expressionDepth < Self.expressionDepthLimit else {
            throw .overLimit(
                line: line,
                what: "expressions inside each other",
                limit: Self.expressionDepthLimit
            )
        }
        expressionDepth += 1
        defer { expressionDepth -= 1 }
        var value = try either()
        while take(name: "if") {
            let condition = try either()
            let otherwise = take(name: "else") ? try expression() : nil
            value = try make(
                .choice(value, condition: condition, otherwise: otherwise),
                over: value.depth,
                condition.depth,
                otherwise?.depth ?? 0
            )
        }
        return value
    }

    private mutating func either() throws(ChatTemplateError) -> TemplateExpression {
        var left = try both()
        while take(name: "or") {
            let right = try both()
            left = try make(.either(left, right), over: left.depth, right.depth)
        }
        return left
    }

    private mutating func both() throws(ChatTemplateError) -> TemplateExpression {
        var left = try negation()
        while take(name: "and") {
            let right = try negation()
            left = try make(.both(left, right), over: left.depth, right.depth)
        }
        return left
    }

    private mutating func negation() throws(ChatTemplateError) -> TemplateExpression {
        var count = 0
        while take(name: "not") { count += 1 }
        var value = try comparison()
        if count > 0 { value = try make(.not(value), over: value.depth) }
        // An even number only turns the value into a boolean.
        if count > 0, count.isMultiple(of: 2) { value = try make(.not(value), over: value.depth) }
        return value
    }

    private mutating func comparison() throws(ChatTemplateError) -> TemplateExpression {
        let left = try sum()
        var rest: [(comparison: TemplateExpression.Comparison, right: TemplateExpression)] = []
        while let comparison = takeComparison() { rest.append((comparison, try sum())) }
        guard !rest.isEmpty else { return left }
        let depth = rest.map(\.right.depth).max() ?? 0
        return try make(.compare(left, rest), over: left.depth, depth)
    }

    private mutating func takeComparison() -> TemplateExpression.Comparison? {
        let signs: [(String, TemplateExpression.Comparison)] = [
            ("==", .equal), ("!=", .unequal), ("<", .less), ("<=", .lessOrEqual),
            (">", .greater), (">=", .greaterOrEqual),
        ]
        for (sign, comparison) in signs where take(sign: sign) { return comparison }
        if take(name: "in") { return .within }
        if isName("not"), following.kind == .name("in") {
            advance()
            advance()
            return .notWithin
        }
        return nil
    }

    private typealias Operand = (
        inout TemplateParser
    ) throws(ChatTemplateError) -> TemplateExpression

    private mutating func chain(
        _ signs: [(String, TemplateExpression.Operator)],
        _ operand: Operand
    ) throws(ChatTemplateError) -> TemplateExpression {
        var left = try operand(&self)
        while let sign = signs.first(where: { isSign($0.0) }) {
            let line = line
            advance()
            let right = try operand(&self)
            left = try make(
                .binary(sign.1, left, right),
                over: left.depth,
                right.depth,
                at: line
            )
        }
        return left
    }

    private mutating func sum() throws(ChatTemplateError) -> TemplateExpression {
        try chain([("+", .add), ("-", .subtract)]) { parser throws(ChatTemplateError) in
            try parser.chain([("~", .concatenate)]) { parser throws(ChatTemplateError) in
                try parser.product()
            }
        }
    }

    private mutating func product() throws(ChatTemplateError) -> TemplateExpression {
        try chain(
            [("*", .multiply), ("/", .divide), ("//", .floorDivide), ("%", .modulo)]
        ) { parser throws(ChatTemplateError) in
            try parser.chain([("**", .power)]) { parser throws(ChatTemplateError) in
                try parser.unary(hasFilters: true)
            }
        }
    }

    private mutating func unary(hasFilters: Bool) throws(ChatTemplateError) -> TemplateExpression {
        expressionDepth += 1
        defer { expressionDepth -= 1 }
        guard expressionDepth <= Self.expressionDepthLimit else {
            throw .overLimit(line: line, what: "signs", limit: Self.expressionDepthLimit)
        }
        var value: TemplateExpression
        if take(sign: "-") {
            value = try unary(hasFilters: false)
            value = try make(.negative(value), over: value.depth)
        } else if take(sign: "+") {
            value = try unary(hasFilters: false)
            value = try make(.positive(value), over: value.depth)
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return hasFilters ? try filters(value) : value
    }

    private mutating func primary() throws(ChatTemplateError) -> TemplateExpression {
        let line = line
        func constant(_ value: TemplateValue) throws(ChatTemplateError) -> TemplateExpression {
            try make(.constant(value), at: line)
        }
        switch current.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return try constant(.bool(true))
            case "false", "False": return try constant(.bool(false))
            case "none", "None": return try constant(.none)
            default: return try make(.name(name), at: line)
            }
        case .string(var text):
            advance()
            while case .string(let more) = current.kind {
                text += more
                advance()
            }
            return try constant(.string(text))
        case .integer(let value):
            advance()
            return try constant(.integer(value))
        case .real(let value):
            advance()
            return try constant(.real(value))
        case .sign("("):
            advance()
            if take(sign: ")") { return try make(.list([]), at: line) }
            let value = try tuple()
            try expect(.sign(")"))
            return value
        case .sign("["): return try list()
        case .sign("{"): return try map()
        default: throw unexpected()
        }
    }

    private mutating func list() throws(ChatTemplateError) -> TemplateExpression {
        advance()
        var items: [TemplateExpression] = []
        while !take(sign: "]") {
            if !items.isEmpty {
                try expect(.sign(","))
                if take(sign: "]") { break }
            }
            items.append(try expression())
        }
        return try make(.list(items), over: items.map(\.depth).max() ?? 0)
    }

    private mutating func map() throws(ChatTemplateError) -> TemplateExpression {
        advance()
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        var depth = 0
        while !take(sign: "}") {
            if !members.isEmpty {
                try expect(.sign(","))
                if take(sign: "}") { break }
            }
            let key = try expression()
            try expect(.sign(":"))
            let value = try expression()
            depth = max(depth, key.depth, value.depth)
            members.append((key, value))
        }
        return try make(.map(members), over: depth)
    }

    private mutating func postfix(
        _ value: TemplateExpression
    ) throws(ChatTemplateError) -> TemplateExpression {
        var value = value
        while true {
            if take(sign: ".") {
                if case .integer(let place) = current.kind {
                    advance()
                    let key = try make(.constant(.integer(place)))
                    value = try make(.item(value, key), over: value.depth)
                } else {
                    value = try make(.field(value, try identifier()), over: value.depth)
                }
            } else if take(sign: "[") {
                value = try itemOrSlice(value)
            } else if isSign("(") {
                value = try call(value)
            } else {
                return value
            }
        }
    }

    private mutating func itemOrSlice(
        _ value: TemplateExpression
    ) throws(ChatTemplateError) -> TemplateExpression {
        var parts: [TemplateExpression?] = [nil]
        while !take(sign: "]") {
            if take(sign: ":") {
                guard parts.count < 3 else { throw unexpected() }
                parts.append(nil)
            } else {
                guard parts[parts.count - 1] == nil else { throw unexpected() }
                parts[parts.count - 1] = try expression()
            }
        }
        let depth = parts.map { $0?.depth ?? 0 }.max() ?? 0
        guard parts.count > 1 else {
            guard let key = parts[0] else { throw unexpected() }
            return try make(.item(value, key), over: value.depth, depth)
        }
        return try make(
            .slice(value, from: parts[0], to: parts[1], step: parts.count > 2 ? parts[2] : nil),
            over: value.depth,
            depth
        )
    }

    private mutating func call(
        _ value: TemplateExpression
    ) throws(ChatTemplateError) -> TemplateExpression {
        let line = line
        let arguments = try arguments()
        return try make(.call(value, arguments), over: value.depth, arguments.depth, at: line)
    }

    private mutating func arguments() throws(ChatTemplateError) -> TemplateExpression.Arguments {
        try expect(.sign("("))
        var arguments = TemplateExpression.Arguments()
        var isFirst = true
        while !take(sign: ")") {
            if !isFirst {
                try expect(.sign(","))
                if take(sign: ")") { break }
            }
            isFirst = false
            if case .name(let name) = current.kind, following.kind == .sign("=") {
                advance()
                advance()
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty else { throw unexpected() }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    private mutating func filters(
        _ value: TemplateExpression
    ) throws(ChatTemplateError) -> TemplateExpression {
        var value = value
        while true {
            let line = line
            if take(sign: "|") {
                let name = try identifier()
                let arguments = isSign("(") ? try arguments() : .init()
                value = try make(
                    .filter(value, name, arguments),
                    over: value.depth,
                    arguments.depth,
                    at: line
                )
            } else if take(name: "is") {
                value = try test(value, line)
            } else if isSign("(") {
                value = try call(value)
            } else {
                return value
            }
        }
    }

    private mutating func test(
        _ value: TemplateExpression,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateExpression {
        let isNegated = take(name: "not")
        let name = try identifier()
        var arguments = TemplateExpression.Arguments()
        if isSign("(") {
            arguments = try self.arguments()
        } else if startsTestArgument {
            arguments.positional = [try postfix(try primary())]
        }
        let test = try make(
            .test(value, name, arguments),
            over: value.depth,
            arguments.depth,
            at: line
        )
        return isNegated ? try make(.not(test), over: test.depth, at: line) : test
    }

    private var startsTestArgument: Bool {
        switch current.kind {
        case .name(let name): !["else", "or", "and", "is", "if", "not", "in"].contains(name)
        case .string, .integer, .real, .sign("["), .sign("{"): true
        default: false
        }
    }
}
