/// One stored pair.
package struct KeyValue: Sendable, Equatable {
    package let key: [UInt8]
    package let value: [UInt8]
}

/// Reads of the database as it is now, or of one moment of it.
package protocol KeyValueReader: Sendable {
    func value(_ family: ColumnFamily, _ key: [UInt8]) throws(StorageError) -> [UInt8]?

    /// At most `limit` pairs whose key starts with `prefix`, in key order or against it. `after` is
    /// the last key of the page before, and is not repeated.
    func scan(
        _ family: ColumnFamily,
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int,
        descending: Bool
    ) throws(StorageError) -> [KeyValue]
}

extension KeyValueReader {
    package func scan(
        _ family: ColumnFamily,
        prefix: [UInt8] = [],
        after: [UInt8]? = nil,
        limit: Int
    ) throws(StorageError) -> [KeyValue] {
        try scan(family, prefix: prefix, after: after, limit: limit, descending: false)
    }
}

/// The first key after every key that starts with `prefix`; nil when there is none.
func keyAfterPrefix(_ prefix: [UInt8]) -> [UInt8]? {
    var end = prefix
    while let last = end.popLast() {
        if last < 0xff { return end + [last + 1] }
    }
    return nil
}
