package import JSON

/// A declared parameter of a method. The declaration checks calls, documents the method and makes
/// its schema, so the three cannot disagree.
package struct RPCParameter: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// 32 bytes as `0x` and 64 digits.
        case digest
        /// An account address, `open1…` or `topen1…`.
        case address
        /// A block's number, as an integer or as the word `latest`.
        case height
        /// An integer within a range.
        case integer(ClosedRange<UInt64>)
        /// Bytes in base64 with padding.
        case base64
        /// Bytes as `0x` and digits.
        case hexadecimal
        case boolean
        case text
        case choice([String])
    }

    package let name: String
    package let kind: Kind
    package let isRequired: Bool
    package let summary: String

    package static func required(_ name: String, _ kind: Kind, _ summary: String) -> RPCParameter {
        RPCParameter(name: name, kind: kind, isRequired: true, summary: summary)
    }

    package static func optional(_ name: String, _ kind: Kind, _ summary: String) -> RPCParameter {
        RPCParameter(name: name, kind: kind, isRequired: false, summary: summary)
    }

    /// JSON Schema of the parameter's value.
    package var schema: JSON {
        switch kind {
        case .digest: ["type": "string", "pattern": "^0x[0-9a-f]{64}$"]
        case .address: ["type": "string", "pattern": "^t?open1[02-9ac-hj-np-z]+$"]
        case .height:
            ["oneOf": [["type": "integer", "minimum": 0], ["const": "latest"]]]
        case .integer(let range):
            [
                "type": "integer", "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ]
        case .base64: ["type": "string", "contentEncoding": "base64"]
        case .hexadecimal: ["type": "string", "pattern": "^0x([0-9a-f]{2})*$"]
        case .boolean: ["type": "boolean"]
        case .text: ["type": "string"]
        case .choice(let words): ["type": "string", "enum": .array(words.map { .string($0) })]
        }
    }
}
