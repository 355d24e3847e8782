package import Commitments
package import Primitives

/// What nodes say to each other about artifacts. The number pairs an answer with its question.
package enum ArtifactMessage: Sendable, Hashable {
    case wantManifest(number: UInt64, ArtifactID)
    /// Nil when the sender does not have the artifact.
    case manifest(number: UInt64, ArtifactManifest?)
    case wantChunk(number: UInt64, ArtifactID, index: UInt32)
    case chunk(number: UInt64, Chunk?)

    package struct Chunk: Sendable, Hashable {
        package let bytes: [UInt8]

        package init(bytes: [UInt8]) { self.bytes = bytes }
    }

    var number: UInt64 {
        switch self {
        case .wantManifest(let number, _), .manifest(let number, _),
            .wantChunk(let number, _, _), .chunk(let number, _):
            number
        }
    }
}

extension ArtifactMessage: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .wantManifest(let number, let id):
            writer.write(UInt8(0))
            writer.write(number)
            writer.write(id)
        case .manifest(let number, let manifest):
            writer.write(UInt8(1))
            writer.write(number)
            writer.writeOptional(manifest)
        case .wantChunk(let number, let id, let index):
            writer.write(UInt8(2))
            writer.write(number)
            writer.write(id)
            writer.write(index)
        case .chunk(let number, let chunk):
            writer.write(UInt8(3))
            writer.write(number)
            writer.writeOptional(chunk)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let tag = try reader.readUInt8()
        let number = try reader.readUInt64()
        switch tag {
        case 0: self = .wantManifest(number: number, try ArtifactID(from: &reader))
        case 1: self = .manifest(number: number, try reader.readOptional())
        case 2:
            self = .wantChunk(
                number: number,
                try ArtifactID(from: &reader),
                index: try reader.readUInt32()
            )
        case 3: self = .chunk(number: number, try reader.readOptional())
        default: throw .tagOutOfRange(offset: 0, tag: tag)
        }
    }
}

extension ArtifactMessage.Chunk: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.writeBytes(bytes) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        bytes = try reader.readBytes(limit: ArtifactManifest.chunkBytes)
    }
}
