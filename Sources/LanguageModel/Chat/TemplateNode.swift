// The parts of a parsed template.

indirect enum TemplateNode: Sendable {
    struct Parameter: Sendable {
        let name: String
        let standard: TemplateExpression?
    }

    enum Target: Sendable {
        case name(String)
        case names([String])
        case field(namespace: String, name: String)
    }

    case text([UInt8])
    case output(TemplateExpression)
    /// The first branch whose condition holds; nil is `else`.
    case branches([(condition: TemplateExpression?, body: [TemplateNode])])
    case loop(
        target: Target,
        items: TemplateExpression,
        condition: TemplateExpression?,
        body: [TemplateNode],
        otherwise: [TemplateNode],
        line: Int
    )
    case set(Target, TemplateExpression, line: Int)
    case capture(Target, [TemplateNode], line: Int)
    case macro(name: String, parameters: [Parameter], body: [TemplateNode])
    case generation([TemplateNode])
    case leaveLoop
    case nextTurn
}

struct TemplateExpression: Sendable {
    struct Arguments: Sendable {
        var positional: [TemplateExpression] = []
        var named: [(name: String, value: TemplateExpression)] = []

        var depth: Int {
            max(
                positional.map(\.depth).max() ?? 0,
                named.map(\.value.depth).max() ?? 0
            )
        }
    }

    enum Operator: Sendable {
        case add, subtract, multiply, divide, floorDivide, modulo, power, concatenate
    }

    enum Comparison: Sendable {
        case equal, unequal, less, lessOrEqual, greater, greaterOrEqual, within, notWithin
    }

    indirect enum Kind: Sendable {
        case constant(TemplateValue)
        case name(String)
        case list([TemplateExpression])
        case map([(key: TemplateExpression, value: TemplateExpression)])
        case field(TemplateExpression, String)
        case item(TemplateExpression, TemplateExpression)
        case slice(
            TemplateExpression,
            from: TemplateExpression?,
            to: TemplateExpression?,
            step: TemplateExpression?
        )
        case call(TemplateExpression, Arguments)
        case filter(TemplateExpression, String, Arguments)
        case test(TemplateExpression, String, Arguments)
        case not(TemplateExpression)
        case negative(TemplateExpression)
        case positive(TemplateExpression)
        case both(TemplateExpression, TemplateExpression)
        case either(TemplateExpression, TemplateExpression)
        case binary(Operator, TemplateExpression, TemplateExpression)
        case compare(TemplateExpression, [(comparison: Comparison, right: TemplateExpression)])
        case choice(
            TemplateExpression,
            condition: TemplateExpression,
            otherwise: TemplateExpression?
        )
    }

    let kind: Kind
    let line: Int
    /// How many expressions are inside each other.
    let depth: Int
}
