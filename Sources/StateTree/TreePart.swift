package import Primitives

/// What one node tells another about the part of a tree below a path: all of it, or its sixteen
/// branches when all of it would be too much for one message.
package enum TreePart: Sendable, Equatable {
    /// Every key below the path with its value.
    case entries([Entry])
    case branches([Branch])

    package struct Entry: Sendable, Equatable {
        package let key: [UInt8]
        package let value: [UInt8]

        package init(key: [UInt8], value: [UInt8]) {
            self.key = key
            self.value = value
        }
    }

    /// A non-empty subtree one half-byte further down. A leaf is shown whole, because whether a
    /// subtree is one decides how its neighbours are hashed.
    package struct Branch: Sendable, Equatable {
        package enum Content: Sendable, Equatable {
            case leaf(TreeLeaf)
            case subtree(Digest)
        }

        package let nibble: Int
        package let content: Content

        package init(nibble: Int, content: Content) {
            self.nibble = nibble
            self.content = content
        }

        package var hash: Digest {
            switch content {
            case .leaf(let leaf): leaf.hash
            case .subtree(let hash): hash
            }
        }
    }

    package static let entryLimit = 65_536
    package static let keyLimit = 256
    package static let valueLimit = 1 << 20
}

extension TreePart.Entry: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(key)
        writer.writeBytes(value)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        key = try reader.readBytes(limit: TreePart.keyLimit)
        value = try reader.readBytes(limit: TreePart.valueLimit)
    }
}

extension TreePart.Branch: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(UInt8(nibble))
        switch content {
        case .leaf(let leaf):
            writer.write(UInt8(0))
            writer.write(leaf.keyHash)
            writer.write(leaf.valueHash)
        case .subtree(let hash):
            writer.write(UInt8(1))
            writer.write(hash)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        nibble = Int(try reader.readUInt8())
        try reader.require(nibble < 16, "nibble")
        let offset = reader.offset
        switch try reader.readUInt8() {
        case 0:
            content = .leaf(
                TreeLeaf(
                    keyHash: try Digest(from: &reader),
                    valueHash: try Digest(from: &reader)
                )
            )
        case 1: content = .subtree(try Digest(from: &reader))
        case let tag: throw .tagOutOfRange(offset: offset, tag: tag)
        }
    }
}

extension TreePart: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        switch self {
        case .entries(let entries):
            writer.write(UInt8(0))
            writer.writeArray(entries)
        case .branches(let branches):
            writer.write(UInt8(1))
            writer.writeArray(branches)
        }
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let offset = reader.offset
        switch try reader.readUInt8() {
        case 0: self = .entries(try reader.readArray(limit: Self.entryLimit))
        case 1:
            let branches: [Branch] = try reader.readArray(limit: 16)
            try reader.require(
                zip(branches, branches.dropFirst()).allSatisfy { $0.nibble < $1.nibble },
                "branches"
            )
            self = .branches(branches)
        case let tag: throw .tagOutOfRange(offset: offset, tag: tag)
        }
    }
}

extension StateTree {
    /// The branches below a path, for a part that is too large to be told whole; nil when the tree
    /// has no inner node there.
    package static func branches(
        below path: NibblePath,
        at version: UInt64,
        in store: some NodeStore
    ) throws(StateTreeError) -> [TreePart.Branch]? {
        var key = NodeKey.root(version)
        while true {
            guard case .inner(let node) = try self.node(key, in: store) else { return nil }
            guard key.path.count < path.count else { return try branches(of: node, key, store) }
            let nibble = path.prefix.nibble(key.path.count)
            guard let child = node.child(nibble) else { return nil }
            key = NodeKey(version: child.version, path: key.path.appending(nibble))
        }
    }

    private static func branches(
        of node: InnerNode,
        _ key: NodeKey,
        _ store: some NodeStore
    ) throws(StateTreeError) -> [TreePart.Branch] {
        guard key.path.count < NibblePath.limit else { throw .corruptNode(key) }
        var branches: [TreePart.Branch] = []
        for child in node.children {
            let childKey = NodeKey(
                version: child.version,
                path: key.path.appending(child.nibble)
            )
            guard child.isLeaf else {
                branches.append(.init(nibble: child.nibble, content: .subtree(child.hash)))
                continue
            }
            guard case .leaf(let leaf) = try self.node(childKey, in: store) else {
                throw .corruptNode(childKey)
            }
            branches.append(.init(nibble: child.nibble, content: .leaf(leaf)))
        }
        return branches
    }
}
