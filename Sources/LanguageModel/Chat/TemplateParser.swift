// Statements of a template. Depth is bounded while parsing, because parsing, rendering and freeing a
// template all recurse.

struct TemplateParser {
    static let statementDepthLimit = 32
    static let expressionDepthLimit = 100

    private let tokens: [TemplateToken]
    private var place = 0
    private var statementDepth = 0
    var expressionDepth = 0

    private init(_ tokens: [TemplateToken]) { self.tokens = tokens }

    static func parse(_ source: [UInt8]) throws(ChatTemplateError) -> [TemplateNode] {
        var parser = TemplateParser(try TemplateLexer.tokens(source))
        let nodes = try parser.body(until: [])
        guard parser.current.kind == .end else { throw parser.unexpected() }
        return nodes
    }

    // MARK: - Tokens

    var current: TemplateToken { tokens[place] }
    var line: Int { tokens[place].line }
    var following: TemplateToken { tokens[min(place + 1, tokens.count - 1)] }

    /// The last token is the end, and stays current.
    mutating func advance() { place = min(place + 1, tokens.count - 1) }

    func isName(_ name: String) -> Bool { current.kind == .name(name) }
    func isSign(_ sign: String) -> Bool { current.kind == .sign(sign) }

    mutating func take(sign: String) -> Bool {
        guard isSign(sign) else { return false }
        advance()
        return true
    }

    mutating func take(name: String) -> Bool {
        guard isName(name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ kind: TemplateToken.Kind) throws(ChatTemplateError) {
        guard current.kind == kind else { throw unexpected() }
        advance()
    }

    mutating func identifier() throws(ChatTemplateError) -> String {
        guard case .name(let name) = current.kind else { throw unexpected() }
        advance()
        return name
    }

    func unexpected() -> ChatTemplateError {
        let found =
            switch current.kind {
            case .text: "text"
            case .blockStart: "{%"
            case .blockEnd: "%}"
            case .outputStart: "{{"
            case .outputEnd: "}}"
            case .name(let name): name
            case .string: "a string"
            case .integer, .real: "a number"
            case .sign(let sign): sign
            case .end: "the end"
            }
        return .syntax(line: line, reason: "unexpected \(found)")
    }

    // MARK: - Statements

    /// Nodes up to a statement of one of the names, which becomes the current token, or the end.
    private mutating func body(until ends: Set<String>) throws(ChatTemplateError) -> [TemplateNode]
    {
        guard statementDepth < Self.statementDepthLimit else {
            throw .overLimit(
                line: line,
                what: "statements inside each other",
                limit: Self.statementDepthLimit
            )
        }
        statementDepth += 1
        defer { statementDepth -= 1 }
        var nodes: [TemplateNode] = []
        while true {
            switch current.kind {
            case .text(let text):
                nodes.append(.text(text))
                advance()
            case .outputStart:
                advance()
                nodes.append(.output(try tuple()))
                try expect(.outputEnd)
            case .blockStart:
                if case .name(let name) = following.kind, ends.contains(name) {
                    advance()
                    return nodes
                }
                advance()
                nodes.append(try statement())
            case .end where ends.isEmpty: return nodes
            default: throw unexpected()
            }
        }
    }

    private mutating func statement() throws(ChatTemplateError) -> TemplateNode {
        let start = line
        switch try identifier() {
        case "if": return try branches()
        case "for": return try loop(start)
        case "set": return try assignment(start)
        case "macro": return try macro()
        case "generation":
            try expect(.blockEnd)
            let nodes = try body(until: ["endgeneration"])
            try close("endgeneration")
            return .generation(nodes)
        case "break":
            try expect(.blockEnd)
            return .leaveLoop
        case "continue":
            try expect(.blockEnd)
            return .nextTurn
        case let name where name.hasPrefix("end") || name == "else" || name == "elif":
            throw .syntax(line: start, reason: "unexpected \(name)")
        case let name: throw .unsupported(line: start, name: "the statement \(name)")
        }
    }

    private mutating func close(_ name: String) throws(ChatTemplateError) {
        try expect(.name(name))
        try expect(.blockEnd)
    }

    private mutating func branches() throws(ChatTemplateError) -> TemplateNode {
        var branches: [(condition: TemplateExpression?, body: [TemplateNode])] = []
        var condition: TemplateExpression? = try tuple()
        while true {
            try expect(.blockEnd)
            branches.append((condition, try body(until: ["elif", "else", "endif"])))
            if take(name: "elif") {
                guard condition != nil else { throw unexpected() }
                condition = try tuple()
            } else if take(name: "else") {
                guard condition != nil else { throw unexpected() }
                condition = nil
            } else {
                try close("endif")
                return .branches(branches)
            }
        }
    }

    private mutating func loop(_ start: Int) throws(ChatTemplateError) -> TemplateNode {
        let target = try target(mayBeField: false)
        try expect(.name("in"))
        let items = try tuple(mayChoose: false)
        let condition = take(name: "if") ? try expression() : nil
        if isName("recursive") { throw .unsupported(line: line, name: "a recursive loop") }
        try expect(.blockEnd)
        let turn = try body(until: ["else", "endfor"])
        var otherwise: [TemplateNode] = []
        if take(name: "else") {
            try expect(.blockEnd)
            otherwise = try body(until: ["endfor"])
        }
        try close("endfor")
        return .loop(
            target: target,
            items: items,
            condition: condition,
            body: turn,
            otherwise: otherwise,
            line: start
        )
    }

    private mutating func target(
        mayBeField: Bool
    ) throws(ChatTemplateError) -> TemplateNode.Target {
        let isBracketed = take(sign: "(")
        var names = [try identifier()]
        if mayBeField, !isBracketed, take(sign: ".") {
            return .field(namespace: names[0], name: try identifier())
        }
        var isList = false
        while take(sign: ",") {
            isList = true
            guard case .name(let name) = current.kind, name != "in" else { break }
            names.append(try identifier())
        }
        if isBracketed { try expect(.sign(")")) }
        return isList ? .names(names) : .name(names[0])
    }

    private mutating func assignment(_ start: Int) throws(ChatTemplateError) -> TemplateNode {
        let target = try target(mayBeField: true)
        if take(sign: "=") {
            let value = try tuple()
            try expect(.blockEnd)
            return .set(target, value, line: start)
        }
        if isSign("|") { throw .unsupported(line: line, name: "a filter of a set block") }
        try expect(.blockEnd)
        let nodes = try body(until: ["endset"])
        try close("endset")
        return .capture(target, nodes, line: start)
    }

    private mutating func macro() throws(ChatTemplateError) -> TemplateNode {
        let name = try identifier()
        try expect(.sign("("))
        var parameters: [TemplateNode.Parameter] = []
        while !take(sign: ")") {
            if !parameters.isEmpty { try expect(.sign(",")) }
            let parameter = try identifier()
            let standard = take(sign: "=") ? try expression() : nil
            parameters.append(.init(name: parameter, standard: standard))
        }
        try expect(.blockEnd)
        let nodes = try body(until: ["endmacro"])
        try close("endmacro")
        return .macro(name: name, parameters: parameters, body: nodes)
    }
}
