// Runs a template's statements. Every step and every byte that is made counts against a limit.

struct TemplateRenderer {
    static let stepLimit = 1_000_000
    static let outputLimit = 16 << 20
    /// Statements, expressions and macros inside each other, as they run.
    static let depthLimit = 256

    static let valueDepthLimit = 128

    enum Flow { case on, leaveLoop, nextTurn }

    private(set) var output: [UInt8] = []
    private(set) var generated: [Range<Int>] = []
    let now: TemplateTime?
    private var steps = 0
    private var made = 0
    private var depth = 0
    /// A scope and a macro in it hold each other, until `finish`.
    private var macroScopes: [TemplateScope] = []

    init(now: TemplateTime?) { self.now = now }

    /// Lets go of everything.
    mutating func finish() {
        for scope in macroScopes { scope.removeAll() }
        macroScopes = []
    }

    // MARK: - Limits

    /// Counts a step, and what it makes or looks through.
    mutating func count(_ line: Int, bytes: Int = 0) throws(ChatTemplateError) {
        steps += 1
        made += bytes
        guard steps <= Self.stepLimit else {
            throw .overLimit(line: line, what: "steps", limit: Self.stepLimit)
        }
        // What is made on the way may be more than the output, but not without end.
        guard made <= 8 * Self.outputLimit else {
            throw .overLimit(line: line, what: "bytes on the way", limit: 8 * Self.outputLimit)
        }
    }

    mutating func enter(_ line: Int) throws(ChatTemplateError) {
        try count(line)
        guard depth < Self.depthLimit else {
            throw .overLimit(line: line, what: "levels", limit: Self.depthLimit)
        }
        depth += 1
    }

    mutating func leave() { depth -= 1 }

    private mutating func write(_ text: [UInt8], _ line: Int) throws(ChatTemplateError) {
        guard text.count <= Self.outputLimit - output.count else {
            throw .overLimit(line: line, what: "bytes of output", limit: Self.outputLimit)
        }
        output += text
    }

    // MARK: - Statements

    mutating func run(
        _ nodes: [TemplateNode],
        _ scope: TemplateScope
    ) throws(ChatTemplateError) -> Flow {
        for node in nodes {
            let flow = try run(node, scope)
            if flow != .on { return flow }
        }
        return .on
    }

    private mutating func run(
        _ node: TemplateNode,
        _ scope: TemplateScope
    ) throws(ChatTemplateError) -> Flow {
        try enter(0)
        defer { leave() }
        switch node {
        case .text(let text): try write(text, 0)
        case .output(let expression):
            let value = try value(of: expression, scope)
            let text = try self.text(value, expression.line)
            try write(text, expression.line)
        case .branches(let branches):
            for (condition, body) in branches {
                if let condition {
                    guard try value(of: condition, scope).isTrue else { continue }
                }
                return try run(body, scope)
            }
        case .loop(let target, let items, let condition, let body, let otherwise, let line):
            let list = try loopItems(target, items, condition, scope, line)
            guard try loop(over: list, target, body, scope, line) else {
                return try run(otherwise, TemplateScope(parent: scope))
            }
        case .set(let target, let expression, let line):
            let value = try value(of: expression, scope)
            try assign(value, to: target, scope, line)
        case .capture(let target, let body, let line):
            let text = try capture { renderer throws(ChatTemplateError) in
                _ = try renderer.run(body, TemplateScope(parent: scope))
            }
            try assign(.string(text), to: target, scope, line)
        case .macro(let name, let parameters, let body):
            macroScopes.append(scope)
            scope[name] = .macro(
                TemplateMacro(name: name, parameters: parameters, body: body, scope: scope)
            )
        case .generation(let body):
            let start = output.count
            let flow = try run(body, TemplateScope(parent: scope))
            generated.append(start..<output.count)
            return flow
        case .leaveLoop: return .leaveLoop
        case .nextTurn: return .nextTurn
        }
        return .on
    }

    /// What `body` writes, taken out of the output.
    mutating func capture(
        _ body: (inout TemplateRenderer) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) -> [UInt8] {
        let outer = output
        let ranges = generated
        output = []
        try body(&self)
        let text = output
        output = outer
        // Where captured text ends up is not known, so it marks nothing.
        generated = ranges
        return text
    }

    private mutating func loopItems(
        _ target: TemplateNode.Target,
        _ items: TemplateExpression,
        _ condition: TemplateExpression?,
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        let value = try value(of: items, scope)
        let all = try elements(value, line)
        guard let condition else { return all }
        var kept: [TemplateValue] = []
        for item in all {
            let inner = TemplateScope(parent: scope)
            try assign(item, to: target, inner, line)
            if try self.value(of: condition, inner).isTrue { kept.append(item) }
        }
        return kept
    }

    /// Returns whether a turn came to its end: Jinja takes one that `continue` or `break` cuts short
    /// for none, and then runs `else`.
    private mutating func loop(
        over items: [TemplateValue],
        _ target: TemplateNode.Target,
        _ body: [TemplateNode],
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) -> Bool {
        var isFinished = false
        for (place, item) in items.enumerated() {
            try count(line)
            // Each turn starts afresh: what the last one set is gone, as in Jinja.
            let inner = TemplateScope(parent: scope)
            try assign(item, to: target, inner, line)
            inner["loop"] = .loop(TemplateLoop(items: items, place: place))
            switch try run(body, inner) {
            case .on: isFinished = true
            case .nextTurn: break
            case .leaveLoop: return isFinished
            }
        }
        return isFinished
    }

    private mutating func assign(
        _ value: TemplateValue,
        to target: TemplateNode.Target,
        _ scope: TemplateScope,
        _ line: Int
    ) throws(ChatTemplateError) {
        try check(value, line)
        switch target {
        case .name(let name): scope[name] = value
        case .names(let names):
            let parts = try elements(value, line)
            guard parts.count == names.count else {
                throw .failed(
                    line: line,
                    reason: "\(parts.count) values for \(names.count) names"
                )
            }
            for (name, part) in zip(names, parts) { scope[name] = part }
        case .field(let owner, let name):
            guard case .namespace(let namespace) = scope[owner] else {
                throw .failed(line: line, reason: "\(owner) is no namespace")
            }
            if case .namespace = value {
                throw .unsupported(line: line, name: "a namespace inside a namespace")
            }
            namespace.fields[name] = value
        }
    }

    /// Refuses what is nested too deeply to be compared, printed or freed by recursion, and a
    /// namespace inside another value, which could come to hold itself.
    mutating func check(_ value: TemplateValue, _ line: Int) throws(ChatTemplateError) {
        var visited = 0
        let isShallow = Self.isShallow(value, depth: 0, &visited)
        try count(line, bytes: visited)
        guard isShallow else {
            throw .overLimit(
                line: line,
                what: "values inside each other",
                limit: Self.valueDepthLimit
            )
        }
    }

    private static func isShallow(
        _ value: TemplateValue,
        depth: Int,
        _ visited: inout Int
    ) -> Bool {
        guard depth < valueDepthLimit else { return false }
        visited += 1
        switch value {
        case .namespace: return depth == 0
        case .list(let items): return items.allSatisfy { isShallow($0, depth: depth + 1, &visited) }
        case .map(let map):
            return map.values.allSatisfy { isShallow($0, depth: depth + 1, &visited) }
        case .loop(let loop):
            return loop.items.allSatisfy { isShallow($0, depth: depth + 1, &visited) }
        default: return true
        }
    }

    /// What a loop goes through: elements, keys, characters.
    mutating func elements(
        _ value: TemplateValue,
        _ line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .list(let items):
            try count(line, bytes: items.count)
            return items
        case .map(let map):
            try count(line, bytes: map.count)
            return map.keys.map { .string($0) }
        case .string(let text):
            try count(line, bytes: 8 * text.count)
            return PythonText.scalars(text).map { .string(PythonText.bytes([$0])) }
        default: throw .failed(line: line, reason: "\(value.kind) cannot be gone through")
        }
    }
}
