/// Writes over a state that is not changed: a block's own, and within it a transaction's, which
/// can be undone. What was read once is not read again.
struct Overlay {
    private struct Slot {
        /// What the state below holds.
        let original: [UInt8]?
        var current: [UInt8]?
    }

    private struct Undo {
        let key: [UInt8]
        let previous: [UInt8]?
    }

    private let reader: any StateReader
    private var slots: [[UInt8]: Slot] = [:]
    private var undos: [Undo] = []

    init(_ reader: any StateReader) { self.reader = reader }

    mutating func value(_ key: [UInt8]) throws(LedgerError) -> [UInt8]? {
        if let slot = slots[key] { return slot.current }
        let original: [UInt8]?
        do { original = try reader.value(key) } catch { throw .read(error) }
        slots[key] = Slot(original: original, current: original)
        return original
    }

    mutating func set(_ key: [UInt8], _ value: [UInt8]?) throws(LedgerError) {
        let previous = try self.value(key)
        undos.append(Undo(key: key, previous: previous))
        slots[key]?.current = value
    }

    /// Makes everything up to here permanent within this block.
    mutating func keep() { undos.removeAll(keepingCapacity: true) }

    /// Undoes every write since the last `keep`.
    mutating func rollBack() {
        for undo in undos.reversed() { slots[undo.key]?.current = undo.previous }
        undos.removeAll(keepingCapacity: true)
    }

    /// Every key whose value differs from the state below, ascending. The order of the dictionary
    /// does not reach it, because keys are unique and sorted.
    var changes: [StateChange] {
        slots.filter { $0.value.current != $0.value.original }
            .map { StateChange(key: $0.key, value: $0.value.current) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
}
