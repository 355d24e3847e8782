// Functions, macros and arithmetic of templates.

/// Arguments of a call, a filter or a test.
struct TemplateArguments {
    let positional: [TemplateValue]
    let named: [String: TemplateValue]
    /// In the order in which they are written.
    let names: [String]

    /// The argument at a place or of a name.
    func value(_ place: Int, _ name: String) -> TemplateValue? {
        place < positional.count ? positional[place] : named[name]
    }

    func text(_ place: Int, _ name: String) -> [UInt8]? {
        if case .string(let text) = value(place, name) { text } else { nil }
    }
}

extension TemplateRenderer {
    private static let rangeLimit = 100_000

    mutating func call(
        _ callee: TemplateExpression,
        _ arguments: TemplateExpression.Arguments,
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .field(let owner, let name) = callee.kind {
            let owner = try value(of: owner, scope)
            let arguments = try values(of: arguments, scope)
            if case .macro(let macro) = try field(name, of: owner, line) {
                return try run(macro, arguments, line)
            }
            return try method(name, of: owner, arguments, line)
        }
        let function = try value(of: callee, scope)
        let arguments = try values(of: arguments, scope)
        switch function {
        case .macro(let macro): return try run(macro, arguments, line)
        case .function(let name): return try call(name, arguments, line)
        case .undefined(let name): throw .failed(line: line, reason: "\(name) is undefined")
        default: throw .failed(line: line, reason: "\(function.kind) cannot be called")
        }
    }

    private mutating func call(
        _ name: String,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "raise_exception":
            let message = arguments.positional.first ?? .text("")
            throw .refused(
                line: line,
                message: String(decoding: try text(message, line), as: UTF8.self)
            )
        case "namespace":
            let namespace = TemplateNamespace()
            for name in arguments.names {
                let value = arguments.named[name] ?? .none
                try check(value, line)
                if case .namespace = value {
                    throw .unsupported(line: line, name: "a namespace inside a namespace")
                }
                namespace.fields[name] = value
            }
            return .namespace(namespace)
        case "dict":
            var map = TemplateMap()
            for name in arguments.names { map[Array(name.utf8)] = arguments.named[name] }
            return .map(map)
        case "range": return try range(arguments, line)
        case "strftime_now":
            guard let format = arguments.text(0, "format"), let now else {
                throw .failed(line: line, reason: "strftime_now takes a format")
            }
            return .string(try now.formatted(format, line))
        default: throw .unsupported(line: line, name: "a call of \(name)")
        }
    }

    private mutating func range(
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let bounds = arguments.positional.compactMap(\.asInteger)
        guard bounds.count == arguments.positional.count, (1...3).contains(bounds.count) else {
            throw .failed(line: line, reason: "range takes one to three integers")
        }
        let from = bounds.count > 1 ? bounds[0] : 0
        let to = bounds.count > 1 ? bounds[1] : bounds[0]
        let step = bounds.count > 2 ? bounds[2] : 1
        guard step != 0 else { throw .failed(line: line, reason: "a range's step is 0") }
        let limit = 1 << 40
        guard [from, to, step].allSatisfy({ (-limit...limit).contains($0) }),
            (to - from) / step <= Self.rangeLimit
        else { throw .overLimit(line: line, what: "steps of a range", limit: Self.rangeLimit) }
        let numbers = Array(stride(from: from, to: to, by: step))
        try count(line, bytes: numbers.count)
        return .list(numbers.map { .integer($0) })
    }

    private mutating func run(
        _ macro: TemplateMacro,
        _ arguments: TemplateArguments,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        try enter(line)
        defer { leave() }
        guard arguments.positional.count <= macro.parameters.count else {
            throw .failed(line: line, reason: "too many arguments for \(macro.name)")
        }
        let scope = TemplateScope(parent: macro.scope)
        for (place, parameter) in macro.parameters.enumerated() {
            let value: TemplateValue
            if let given = arguments.value(place, parameter.name) {
                value = given
            } else if let standard = parameter.standard {
                value = try self.value(of: standard, scope)
            } else {
                value = .undefined(parameter.name)
            }
            try check(value, line)
            scope[parameter.name] = value
        }
        return .string(
            try capture { renderer throws(ChatTemplateError) in
                _ = try renderer.run(macro.body, scope)
            }
        )
    }

    // MARK: - Arithmetic

    mutating func arithmetic(
        _ sign: TemplateExpression.Operator,
        _ left: TemplateValue,
        _ right: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (sign, left, right) {
        case (.concatenate, _, _):
            let text = try text(left, line) + text(right, line)
            try count(line, bytes: text.count)
            return .string(text)
        case (.add, .string(let a), .string(let b)):
            try count(line, bytes: a.count + b.count)
            return .string(a + b)
        case (.add, .list(let a), .list(let b)):
            try count(line, bytes: a.count + b.count)
            return .list(a + b)
        case (.multiply, .string(let text), .integer(let times)),
            (.multiply, .integer(let times), .string(let text)):
            let times = max(0, times)
            let (bytes, overflow) = text.count.multipliedReportingOverflow(by: times)
            guard !overflow, bytes <= Self.outputLimit else {
                throw .overLimit(line: line, what: "bytes of output", limit: Self.outputLimit)
            }
            try count(line, bytes: bytes)
            return .string(
                Array([[UInt8]](repeating: text, count: text.isEmpty ? 0 : times).joined())
            )
        default: break
        }
        if let left = left.asInteger, let right = right.asInteger {
            return try integers(sign, left, right, line)
        }
        if let left = left.asReal, let right = right.asReal {
            return try reals(sign, left, right, line)
        }
        for value in [left, right] {
            if case .undefined(let name) = value {
                throw .failed(
                    line: line,
                    reason: "\(name.isEmpty ? "a value" : name) is undefined"
                )
            }
        }
        throw .failed(
            line: line,
            reason: "\(left.kind) and \(right.kind) do not go together here"
        )
    }

    private func integers(
        _ sign: TemplateExpression.Operator,
        _ left: Int,
        _ right: Int,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let result: (partialValue: Int, overflow: Bool)
        switch sign {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide: return try reals(sign, Double(left), Double(right), line)
        case .floorDivide, .modulo:
            guard right != 0 else { throw .failed(line: line, reason: "division by zero") }
            guard right != -1 else {
                return try integers(
                    sign == .modulo ? .multiply : .subtract,
                    0,
                    sign == .modulo ? 0 : left,
                    line
                )
            }
            let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
            let isRoundedUp = remainder != 0 && (remainder < 0) != (right < 0)
            if sign == .modulo { return .integer(isRoundedUp ? remainder + right : remainder) }
            return .integer(isRoundedUp ? quotient - 1 : quotient)
        case .power:
            guard right >= 0, right < 64 else { throw .unsupported(line: line, name: "this power") }
            result = (0..<right).reduce((1, false)) { power, _ in
                let next = power.0.multipliedReportingOverflow(by: left)
                return (next.partialValue, power.1 || next.overflow)
            }
        case .concatenate: result = (0, true)
        }
        guard !result.overflow else { throw .failed(line: line, reason: "a number is too large") }
        return .integer(result.partialValue)
    }

    private func reals(
        _ sign: TemplateExpression.Operator,
        _ left: Double,
        _ right: Double,
        _ line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch sign {
        case .add: return .real(left + right)
        case .subtract: return .real(left - right)
        case .multiply: return .real(left * right)
        case .divide, .floorDivide, .modulo:
            guard right != 0 else { throw .failed(line: line, reason: "division by zero") }
            if sign == .divide { return .real(left / right) }
            let floor = (left / right).rounded(.down)
            return .real(sign == .floorDivide ? floor : left - right * floor)
        case .power, .concatenate: throw .unsupported(line: line, name: "this power")
        }
    }
}

extension TemplateTime {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// By the directives of C's `strftime` that templates use, in English.
    func formatted(_ format: [UInt8], _ line: Int) throws(ChatTemplateError) -> [UInt8] {
        var result = ""
        var isDirective = false
        for scalar in PythonText.scalars(format) {
            if !isDirective {
                isDirective = scalar == "%"
                if !isDirective { result.unicodeScalars.append(scalar) }
                continue
            }
            isDirective = false
            guard let part = part(scalar) else {
                throw .unsupported(line: line, name: "the time format %\(scalar)")
            }
            result += part
        }
        return Array(result.utf8)
    }

    private func part(_ directive: Unicode.Scalar) -> String? {
        func padded(_ value: Int, _ width: Int = 2) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let name = Self.months.indices.contains(month &- 1) ? Self.months[month - 1] : ""
        switch directive {
        case "Y": return padded(year, 4)
        case "y": return padded(year % 100)
        case "m": return padded(month)
        case "d": return padded(day)
        case "B": return name
        case "b", "h": return String(name.prefix(3))
        case "H": return padded(hour)
        case "I": return padded((hour + 11) % 12 + 1)
        case "M": return padded(minute)
        case "S": return padded(second)
        case "p": return hour < 12 ? "AM" : "PM"
        case "A": return Self.weekdays[weekday]
        case "a": return String(Self.weekdays[weekday].prefix(3))
        case "F": return "\(padded(year, 4))-\(padded(month))-\(padded(day))"
        case "T": return "\(padded(hour)):\(padded(minute)):\(padded(second))"
        case "%": return "%"
        default: return nil
        }
    }

    /// 0 is Sunday (Sakamoto's method).
    private var weekday: Int {
        let offsets = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        guard offsets.indices.contains(month &- 1), (1...9999).contains(year) else { return 0 }
        let year = month < 3 ? year - 1 : year
        let sum = year + year / 4 - year / 100 + year / 400 + offsets[month - 1] + day % 7
        return (sum % 7 + 7) % 7
    }
}
