/// The name of a network, part of everything that is signed: 1 to 32 printable ASCII bytes.
package struct ChainID: Sendable, Hashable {
    package static let lengthLimit = 32

    package let bytes: [UInt8]

    /// Returns nil unless there are 1 to 32 bytes, each from `!` to `~`.
    package init?(bytes: [UInt8]) {
        guard (1...Self.lengthLimit).contains(bytes.count),
            bytes.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.bytes = bytes
    }

    package init?(_ text: String) { self.init(bytes: Array(text.utf8)) }
}

extension ChainID: CustomStringConvertible {
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}

extension ChainID: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.writeBytes(bytes) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let offset = reader.offset
        guard let id = Self(bytes: try reader.readBytes(limit: Self.lengthLimit)) else {
            throw .invalidValue(offset: offset, field: "chain id")
        }
        self = id
    }
}
