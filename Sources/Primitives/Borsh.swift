// Borsh (borsh.io), the one encoding of everything hashed, signed, stored or sent. Integers are
// little-endian; lengths are u32; options and enums carry a one-byte tag.

/// Why bytes were refused. Offsets count from the start of the decoded value.
package enum BorshError: Error, Equatable {
    case truncated(offset: Int, needed: Int)
    case trailingBytes(offset: Int, remaining: Int)
    case lengthOverLimit(offset: Int, length: Int, limit: Int)
    case tagOutOfRange(offset: Int, tag: UInt8)
    /// The bytes decode, but to a value that the field may not hold.
    case invalidValue(offset: Int, field: FieldName)
}

/// The name of a field in an error: a literal, so that errors stay comparable values.
package struct FieldName: Equatable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    package let description: String
    package init(stringLiteral value: String) { description = value }
}

package protocol BorshEncodable {
    func encode(to writer: inout BorshWriter)
}

package protocol BorshDecodable {
    init(from reader: inout BorshReader) throws(BorshError)
}

package typealias BorshCodable = BorshEncodable & BorshDecodable

extension BorshEncodable {
    package var borshBytes: [UInt8] {
        var writer = BorshWriter()
        encode(to: &writer)
        return writer.bytes
    }
}

extension BorshDecodable {
    /// Decodes one value that must fill `bytes` exactly.
    package init(borsh bytes: [UInt8]) throws(BorshError) {
        var reader = BorshReader(bytes)
        self = try Self(from: &reader)
        try reader.finish()
    }
}
