// JSON values (RFC 8259) as the edge of the node reads and writes them. Text that two readers could
// understand differently is refused by the parser; nothing that is hashed or signed is ever JSON.

/// One JSON value. Objects keep the order of their members.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON: Equatable {
    /// Strings compare by bytes: Swift's `==` would call "é" and "e\u{301}" equal.
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSON {
    package var isNull: Bool { self == .null }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The value as an integer, where the number is written as one and fits.
    package func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        number?.integer(type)
    }

    /// The nearest binary64, for numbers that are measurements or model settings.
    package var double: Double? { number?.double }

    /// The member of an object; nil for other values and absent members.
    package subscript(key: String) -> JSON? { object?[key] }

    /// The word that messages use for this kind of value.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    package static func integer(_ value: some FixedWidthInteger) -> JSON {
        .number(JSONNumber(value))
    }
}

/// No `nil` literal: where an optional value is meant, it would silently become a null that is there.
extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// - Precondition: no key occurs twice.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
    }
}
