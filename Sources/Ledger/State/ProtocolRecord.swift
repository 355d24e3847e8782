package import Primitives

/// Which version of the protocol the chain speaks, and which one it will speak from when.
package struct ProtocolRecord: Sendable, Hashable {
    package struct Change: Sendable, Hashable {
        package let version: UInt32
        /// The first height of the new version.
        package let height: Height

        package init(version: UInt32, height: Height) {
            self.version = version
            self.height = height
        }
    }

    package var current: UInt32
    package var next: Change?

    package init(current: UInt32, next: Change? = nil) {
        self.current = current
        self.next = next
    }

    /// The version of a block at this height, which must be the one after the state's.
    package func version(at height: Height) -> UInt32 {
        guard let next, height >= next.height else { return current }
        return next.version
    }

    /// Reads it from any state that began with a genesis.
    package static func read(from reader: some StateReader) throws(LedgerError) -> ProtocolRecord {
        let bytes: [UInt8]?
        do { bytes = try reader.value(StateKey.protocolVersion) } catch { throw .read(error) }
        guard let bytes else { throw .missingGenesis }
        do { return try ProtocolRecord(borsh: bytes) } catch {
            throw .corruptState(key: StateKey.protocolVersion)
        }
    }
}

extension ProtocolRecord.Change: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(version)
        writer.write(height)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        version = try reader.readUInt32()
        height = try Height(from: &reader)
    }
}

extension ProtocolRecord: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(current)
        writer.writeOptional(next)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        current = try reader.readUInt32()
        next = try reader.readOptional()
    }
}
