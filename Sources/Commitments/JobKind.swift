package import Primitives

/// What can be claimed, re-run and paid for.
package enum JobKind: UInt8, Sendable, Hashable, CaseIterable {
    case screening = 0
    case training = 1
    case index = 2
    case attribution = 3
    case inference = 4
}

extension JobKind: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(rawValue) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        guard let kind = JobKind(rawValue: tag) else {
            throw .tagOutOfRange(offset: reader.offset - 1, tag: tag)
        }
        self = kind
    }
}
