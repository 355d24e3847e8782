// Why storage refused. Every case is a sentence that an operator can act on; the node stops signing
// on any of them that comes from a write.

/// A failure of the database, the signing record, the home directory or the artifact store.
package enum StorageError: Error, Equatable, Sendable {
    /// The medium has no room; nothing of the refused write is kept.
    case diskFull(path: String)
    /// The directory or file may not be written (permissions, or a read-only mount).
    case notWritable(path: String)
    /// Another process holds the home directory.
    case locked(path: String)
    case missing(path: String)
    /// Nobody listens at the socket.
    case refusedConnection(path: String)
    /// Bytes on disk are not what was written.
    case corrupt(path: String, detail: String)
    /// The database was made for another chain.
    case otherChain(path: String, found: String, expected: String)
    /// The database was written by a later release.
    case newerFormat(path: String, found: UInt32, supported: UInt32)
    /// The database has key spaces that this release does not know.
    case unknownFamilies(path: String, names: [String])
    /// Blocks must follow each other without gaps.
    case wrongHeight(expected: UInt64, found: UInt64)
    case quotaExceeded(limit: UInt64, needed: UInt64)
    case io(path: String, detail: String)
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .diskFull(let path): "the disk that holds \(path) is full"
        case .notWritable(let path): "\(path) cannot be written: it is read-only or not permitted"
        case .locked(let path): "\(path) is in use by another running node"
        case .missing(let path): "\(path) does not exist"
        case .refusedConnection(let path): "nobody listens at \(path)"
        case .corrupt(let path, let detail): "\(path) is damaged: \(detail)"
        case .otherChain(let path, let found, let expected):
            "\(path) belongs to the chain \(found), not to \(expected)"
        case .newerFormat(let path, let found, let supported):
            "\(path) has format \(found); this release reads formats up to \(supported)"
        case .unknownFamilies(let path, let names):
            "\(path) was written by a later release: it has \(names.joined(separator: ", ")), which "
                + "this release does not know"
        case .wrongHeight(let expected, let found):
            "block \(found) cannot follow: the next height is \(expected)"
        case .quotaExceeded(let limit, let needed):
            "the artifact store is limited to \(limit) bytes; \(needed) would be needed"
        case .io(let path, let detail): "\(path): \(detail)"
        }
    }
}
