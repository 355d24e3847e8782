/// Changes that reach the disk together or not at all.
package struct WriteBatch: Sendable {
    enum Operation: Sendable {
        case put(ColumnFamily, key: [UInt8], value: [UInt8])
        case delete(ColumnFamily, key: [UInt8])
        /// Everything in `from ..< to`.
        case deleteRange(ColumnFamily, from: [UInt8], to: [UInt8])
    }

    private(set) var operations: [Operation] = []

    package init() {}

    package var isEmpty: Bool { operations.isEmpty }

    package mutating func put(_ family: ColumnFamily, _ key: [UInt8], _ value: [UInt8]) {
        operations.append(.put(family, key: key, value: value))
    }

    package mutating func delete(_ family: ColumnFamily, _ key: [UInt8]) {
        operations.append(.delete(family, key: key))
    }

    package mutating func deleteRange(_ family: ColumnFamily, from: [UInt8], to: [UInt8]) {
        operations.append(.deleteRange(family, from: from, to: to))
    }
}
