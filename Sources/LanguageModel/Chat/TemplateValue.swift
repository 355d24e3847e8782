// What a template computes with. Strings are UTF-8 bytes: Python compares and counts code points,
// Swift's strings compare graphemes.

import JSON

indirect enum TemplateValue: Sendable {
    /// A name or a field that is not there; what it was called is for messages.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string([UInt8])
    /// Tuples as well: nothing here tells them apart.
    case list([TemplateValue])
    case map(TemplateMap)
    case namespace(TemplateNamespace)
    case macro(TemplateMacro)
    case loop(TemplateLoop)
    /// A function that the environment offers, or a method that is named but not called.
    case function(String)

    static func text(_ text: String) -> TemplateValue { .string(Array(text.utf8)) }
}

/// A dictionary in order of insertion.
struct TemplateMap: Sendable {
    private(set) var keys: [[UInt8]] = []
    private var members: [[UInt8]: TemplateValue] = [:]

    var count: Int { keys.count }
    var values: [TemplateValue] { keys.compactMap { members[$0] } }

    subscript(key: [UInt8]) -> TemplateValue? {
        get { members[key] }
        set {
            guard let newValue else { return }
            if members.updateValue(newValue, forKey: key) == nil { keys.append(key) }
        }
    }
}

/// The one thing of a template that can change: fields that survive the end of a loop.
///
/// Never leaves the rendering that made it, so no two threads see one.
final class TemplateNamespace: @unchecked Sendable {
    var fields: [String: TemplateValue] = [:]
}

/// Names of one block; the outer ones are reached through `parent`.
///
/// Never leaves the rendering that made it, so no two threads see one.
final class TemplateScope: @unchecked Sendable {
    private var names: [String: TemplateValue] = [:]
    private let parent: TemplateScope?

    init(parent: TemplateScope?) { self.parent = parent }

    subscript(name: String) -> TemplateValue? {
        get { names[name] ?? parent?[name] }
        set { names[name] = newValue }
    }

    func removeAll() { names = [:] }
}

struct TemplateMacro: Sendable {
    let name: String
    let parameters: [TemplateNode.Parameter]
    let body: [TemplateNode]
    let scope: TemplateScope
}

/// Where a `for` stands.
struct TemplateLoop: Sendable {
    let items: [TemplateValue]
    let place: Int

    func field(_ name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(place + 1)
        case "index0": .integer(place)
        case "revindex": .integer(items.count - place)
        case "revindex0": .integer(items.count - place - 1)
        case "first": .bool(place == 0)
        case "last": .bool(place == items.count - 1)
        case "length": .integer(items.count)
        case "previtem": place > 0 ? items[place - 1] : .undefined("previtem")
        case "nextitem": place + 1 < items.count ? items[place + 1] : .undefined("nextitem")
        case "depth": .integer(1)
        case "depth0": .integer(0)
        default: nil
        }
    }
}

extension TemplateValue {
    /// Nil for a number that neither Int nor Double holds as written.
    init?(_ json: JSON) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .text(text)
        case .number(let number):
            if let value = number.integer(Int.self) {
                self = .integer(value)
            } else if number.literal.contains(where: { ".eE".contains($0) }),
                let value = number.double
            {
                self = .real(value)
            } else {
                return nil
            }
        case .array(let elements):
            var values: [TemplateValue] = []
            for element in elements {
                guard let value = TemplateValue(element) else { return nil }
                values.append(value)
            }
            self = .list(values)
        case .object(let object):
            var map = TemplateMap()
            for member in object.members {
                guard let value = TemplateValue(member.value) else { return nil }
                map[Array(member.key.utf8)] = value
            }
            self = .map(map)
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .real(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let items): !items.isEmpty
        case .map(let map): map.count > 0
        case .namespace, .macro, .loop, .function: true
        }
    }

    /// As Python names the kind.
    var kind: String {
        switch self {
        case .undefined: "undefined"
        case .none: "None"
        case .bool: "bool"
        case .integer: "int"
        case .real: "float"
        case .string: "str"
        case .list: "list"
        case .map: "dict"
        case .namespace: "namespace"
        case .macro: "macro"
        case .loop: "loop"
        case .function: "function"
        }
    }

    /// Booleans count as 0 and 1.
    var asInteger: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    var asReal: Double? {
        if case .real(let value) = self { value } else { asInteger.map(Double.init) }
    }

    static func areEqual(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        if let left = left.asInteger, let right = right.asInteger { return left == right }
        if let left = left.asReal, let right = right.asReal { return left == right }
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let a), .string(let b)): return a == b
        case (.list(let a), .list(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { areEqual($0, $1) }
        case (.map(let a), .map(let b)):
            return a.count == b.count
                && a.keys.allSatisfy { key in
                    guard let first = a[key], let second = b[key] else { return false }
                    return areEqual(first, second)
                }
        case (.namespace(let a), .namespace(let b)): return a === b
        default: return false
        }
    }

    /// Nil where Python has no order.
    static func isLess(_ left: TemplateValue, _ right: TemplateValue) -> Bool? {
        if let left = left.asInteger, let right = right.asInteger { return left < right }
        if let left = left.asReal, let right = right.asReal { return left < right }
        switch (left, right) {
        case (.string(let a), .string(let b)): return a.lexicographicallyPrecedes(b)
        case (.list(let a), .list(let b)):
            for (first, second) in zip(a, b) where !areEqual(first, second) {
                return isLess(first, second)
            }
            return a.count < b.count
        default: return nil
        }
    }
}
