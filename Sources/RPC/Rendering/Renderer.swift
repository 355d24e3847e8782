// Turns the chain's values into JSON by their structure: a struct becomes an object of its stored
// properties, an enum an object with its case in `type`. A new field of the chain is thereby
// visible at once; tests pin the rendered form of every kind of object.

package import JSON
import Ledger
package import Primitives

/// Renders values for one network, whose prefix addresses carry.
package struct Renderer: Sendable {
    package let prefix: AddressPrefix

    package init(prefix: AddressPrefix) { self.prefix = prefix }

    /// Properties whose bytes are text by the rules of the chain.
    private static let textProperties: Set = ["name", "licence"]

    /// Amounts are strings of decimal digits in units of 10^-18, digests `0x` and digits, addresses
    /// bech32m, heights numbers; an absent value is null.
    package func render(_ value: Any) -> JSON { render(value, property: nil) }

    private func render(_ value: Any, property: String?) -> JSON {
        if let leaf = leaf(value, property: property) { return leaf }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            return mirror.children.first.map { render($0.value, property: property) } ?? .null
        case .collection:
            return .array(mirror.children.map { render($0.value, property: nil) })
        case .enum: return enumeration(value, mirror)
        default: return .object(JSONObject(members(of: mirror)))
        }
    }

    private func leaf(_ value: Any, property: String?) -> JSON? {
        switch value {
        case let value as Address: .string(value.text(prefix))
        case let value as Amount: .string(String(value.units))
        case let value as UInt128: .string(String(value))
        case let value as Height: .integer(value.value)
        case let value as ChainID: .string(value.description)
        case let value as [UInt8]:
            if let property, Self.textProperties.contains(property) {
                .string(String(decoding: value, as: UTF8.self))
            } else {
                .string("0x" + Hex.encode(value))
            }
        case let value as String: .string(value)
        case let value as Bool: .bool(value)
        case let value as any FixedWidthInteger: .number(JSONNumber(value))
        case let value as Refusal: .string(value.reason)
        // Digests, keys, signatures and proofs describe themselves as `0x` and digits.
        case let value as any FixedBytesValue: .string(value.description)
        default: nil
        }
    }

    /// A case without values is its name. A case with one struct is that struct's object and
    /// `type`; other values stand under their labels, or under `value`.
    private func enumeration(_ value: Any, _ mirror: Mirror) -> JSON {
        guard let payload = mirror.children.first else { return .string("\(value)") }
        let type = JSONObject.Member(key: "type", value: .string(payload.label ?? ""))
        let inner = Mirror(reflecting: payload.value)
        if inner.displayStyle == .tuple {
            return .object(JSONObject([type] + members(of: inner)))
        }
        switch render(payload.value, property: nil) {
        case .object(let object): return .object(JSONObject([type] + object.members))
        case let other: return .object(JSONObject([type, .init(key: "value", value: other)]))
        }
    }

    private func members(of mirror: Mirror) -> [JSONObject.Member] {
        mirror.children.enumerated().map { position, child in
            let label = child.label ?? "value\(position)"
            return .init(key: label, value: render(child.value, property: label))
        }
    }
}

/// What all byte strings of fixed length have in common here.
private protocol FixedBytesValue: CustomStringConvertible {}

extension FixedBytes: FixedBytesValue {}
