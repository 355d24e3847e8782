// Every question that can be asked of the committed chain, over the database as it is or as it was
// at one moment. Values that do not decode are damage, and say so.

package import Ledger
package import Primitives
package import Replica
package import StateTree
package import Voting

/// The committed chain, as one `KeyValueReader` shows it.
package struct ChainReader: Sendable {
    let values: any KeyValueReader
    /// For error messages.
    let path: String

    package func tip() throws(StorageError) -> ChainTip {
        guard let bytes = try values.value(.meta, ChainKey.tip) else {
            throw .corrupt(path: path, detail: "it has no tip")
        }
        return try decode(bytes, "tip")
    }

    /// The oldest version of the state that proofs can be made for.
    package func earliestVersion() throws(StorageError) -> UInt64 {
        let bytes = try values.value(.meta, ChainKey.earliestVersion) ?? []
        return ChainKey.number(bytes) ?? 0
    }

    /// The oldest block that is kept, beyond the tip while there is none: pruning drops older ones,
    /// and a node that joined by a snapshot never had them.
    package func earliestBlock() throws(StorageError) -> Height {
        let bytes = try values.value(.meta, ChainKey.earliestBlock) ?? []
        return Height(ChainKey.number(bytes) ?? Height.genesis.next.value)
    }

    package func block(at height: Height) throws(StorageError) -> CertifiedBlock? {
        guard let bytes = try values.value(.blocks, ChainKey.block(height)) else { return nil }
        return try decode(bytes, "block")
    }

    package func height(ofBlock hash: Digest) throws(StorageError) -> Height? {
        guard let bytes = try values.value(.blocks, ChainKey.hash(hash)) else { return nil }
        return ChainKey.number(bytes).map { Height($0) }
    }

    /// One a transaction, in block order; empty when there is no such block.
    package func receipts(at height: Height) throws(StorageError) -> [Receipt] {
        guard let bytes = try values.value(.blocks, ChainKey.receipts(height)) else { return [] }
        let list: List<Receipt> = try decode(bytes, "receipts")
        return list.values
    }

    /// The set that decides the block at `height`; nil beyond the block after the tip.
    package func validators(at height: Height) throws(StorageError) -> ValidatorSet? {
        guard height > .genesis, height <= (try tip()).height.next else { return nil }
        let found = try values.scan(
            .blocks,
            prefix: ChainKey.validatorsPrefix,
            after: ChainKey.validators(from: height.next),
            limit: 1,
            descending: true
        )
        guard let pair = found.first else { return nil }
        return try decode(pair.value, "validator set")
    }

    /// The height and position of a committed transaction.
    package func place(
        of transaction: Digest
    ) throws(StorageError) -> (height: Height, index: UInt32)? {
        guard let bytes = try values.value(.transactions, transaction.bytes) else { return nil }
        guard let height = ChainKey.number(bytes),
            let index = ChainKey.number(bytes.dropFirst(8), count: 4)
        else { throw .corrupt(path: path, detail: "a transaction's place") }
        return (Height(height), UInt32(index))
    }

    /// Events from a position on, in the order in which they happened.
    package func events(
        from height: Height,
        index: UInt32 = 0,
        limit: Int
    ) throws(StorageError) -> [(height: Height, index: UInt32, event: Event)] {
        let first = ChainKey.event(height, index)
        var found: [KeyValue] = []
        if let value = try values.value(.events, first) {
            found.append(KeyValue(key: first, value: value))
        }
        if found.count < limit {
            found += try values.scan(
                .events,
                prefix: ChainKey.eventPrefix,
                after: first,
                limit: limit - found.count
            )
        }
        var events: [(height: Height, index: UInt32, event: Event)] = []
        for pair in found.prefix(limit) {
            events.append(try decodeEvent(pair.key.dropFirst(), pair.value))
        }
        return events
    }

    /// All events of one block.
    package func events(at height: Height) throws(StorageError) -> [Event] {
        var events: [Event] = []
        let pairs = try values.scan(
            .events,
            prefix: ChainKey.events(at: height),
            after: nil,
            limit: Int(UInt32.max)
        )
        for pair in pairs { events.append(try decode(pair.value, "event")) }
        return events
    }

    /// Events that name this claim, adapter or other object, oldest first.
    ///
    /// - Parameter after: the place of the last event of the page before.
    package func events(
        of subject: Digest,
        after: (height: Height, index: UInt32)? = nil,
        limit: Int
    ) throws(StorageError) -> [(height: Height, index: UInt32, event: Event)] {
        let pairs = try values.scan(
            .events,
            prefix: ChainKey.subject(subject),
            after: after.map { ChainKey.event(of: subject, $0.height, $0.index) },
            limit: limit
        )
        var events: [(height: Height, index: UInt32, event: Event)] = []
        for pair in pairs {
            let place = pair.key.dropFirst(1 + Digest.byteCount)
            guard let value = try values.value(.events, ChainKey.eventPrefix + place) else {
                throw .corrupt(path: path, detail: "an event that the index names is missing")
            }
            events.append(try decodeEvent(place, value))
        }
        return events
    }

    package func stateValue(_ key: [UInt8]) throws(StorageError) -> [UInt8]? {
        try values.value(.state, key)
    }

    /// State entries whose keys begin with `prefix`, in key order after `after`.
    package func stateEntries(
        prefix: [UInt8],
        after: [UInt8]?,
        limit: Int
    ) throws(StorageError) -> [KeyValue] {
        try values.scan(.state, prefix: prefix, after: after, limit: limit)
    }

    /// The log of the height in progress, in the order of writing.
    package func log() throws(StorageError) -> [WALEntry] {
        var entries: [WALEntry] = []
        var last: [UInt8]?
        while true {
            let page = try values.scan(.consensus, after: last, limit: 256)
            for pair in page { entries.append(try decode(pair.value, "log entry")) }
            guard let final = page.last else { return entries }
            last = final.key
        }
    }

    private func decodeEvent(
        _ place: ArraySlice<UInt8>,
        _ value: [UInt8]
    ) throws(StorageError) -> (height: Height, index: UInt32, event: Event) {
        guard let height = ChainKey.number(place),
            let index = ChainKey.number(place.dropFirst(8), count: 4)
        else { throw .corrupt(path: path, detail: "an event's place") }
        return (Height(height), UInt32(index), try decode(value, "event"))
    }

    func decode<Value: BorshDecodable>(
        _ bytes: [UInt8],
        _ what: String
    ) throws(StorageError) -> Value {
        do { return try Value(borsh: bytes) } catch {
            throw .corrupt(path: path, detail: "a \(what) does not decode: \(error)")
        }
    }
}

/// A list of any length that was written by this process.
struct List<Element: BorshCodable>: BorshCodable {
    let values: [Element]

    init(_ values: [Element]) { self.values = values }

    func encode(to writer: inout BorshWriter) { writer.writeArray(values) }

    init(from reader: inout BorshReader) throws(BorshError) {
        values = try reader.readArray(limit: Int(UInt32.max))
    }
}

extension ChainReader: ReplicaStore {
    package func value(_ key: [UInt8]) throws(StateReadError) -> [UInt8]? {
        do { return try values.value(.state, key) } catch { throw StateReadError(key: key) }
    }

    package func node(_ key: NodeKey) throws(StateTreeError) -> TreeNode? {
        do {
            guard let bytes = try values.value(.nodes, key.borshBytes) else { return nil }
            return try decode(bytes, "tree node") as TreeNode
        } catch {
            throw .store("\(error)")
        }
    }

    package func certifiedBlock(at height: Height) throws(StateReadError) -> CertifiedBlock? {
        do { return try block(at: height) } catch {
            throw StateReadError(key: ChainKey.block(height))
        }
    }
}
