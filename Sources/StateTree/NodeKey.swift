package import Primitives

/// Where a node is stored: the version that wrote it, and its place in the tree.
///
/// The bytes begin with the version, big-endian, so that an ordered store keeps the nodes of a
/// version together and can drop them by range. The order of keys is the order of their bytes.
package struct NodeKey: Sendable, Hashable {
    package let version: UInt64
    package let path: NibblePath

    package init(version: UInt64, path: NibblePath) {
        self.version = version
        self.path = path
    }

    package static func root(_ version: UInt64) -> NodeKey {
        NodeKey(version: version, path: .root)
    }
}

extension NodeKey: Comparable {
    package static func < (left: NodeKey, right: NodeKey) -> Bool {
        (left.version, left.path.count, left.path.prefix)
            < (right.version, right.path.count, right.path.prefix)
    }
}

extension NodeKey: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(version.byteSwapped)
        writer.write(path)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        version = try reader.readUInt64().byteSwapped
        path = try NibblePath(from: &reader)
    }
}
