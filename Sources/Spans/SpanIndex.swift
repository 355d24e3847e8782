// Finds which passages of a text stand word for word in a collection of records.

/// Records, one after another, with the sorted starts of all their suffixes. A match never runs
/// from one record into the next.
///
/// Invariant: `order` holds positions of `text`; it is a permutation unless it came from a file
/// that someone damaged, in which case answers are wrong but nothing is out of bounds.
package struct SpanIndex: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        /// A byte that UTF-8 never has, and that this index puts between records.
        case notText(record: Int)
        /// More bytes, separators included, than positions of 32 bits can name.
        case tooLong(Int)
        /// A file of another kind, version or length.
        case malformed(String)
    }

    package static let maximumBytes = Int(Int32.max) - 1
    static let separator: UInt8 = 0xff

    let text: [UInt8]
    /// Where each record starts, ascending.
    let starts: [Int32]
    let order: [Int32]

    /// Sorts in time proportional to the text's length; memory is about 10 bytes for each byte
    /// while it runs, and 5 after.
    package init(_ records: [[UInt8]]) throws(Failure) {
        let length = records.reduce(0) { $0 + $1.count + 1 }
        guard length <= Self.maximumBytes else { throw .tooLong(length) }
        var text: [UInt8] = []
        text.reserveCapacity(length)
        var starts: [Int32] = []
        for (number, record) in records.enumerated() {
            guard !record.contains(Self.separator) else { throw .notText(record: number) }
            starts.append(Int32(text.count))
            text += record
            text.append(Self.separator)
        }
        self.init(
            text: text,
            starts: starts,
            order: SuffixSorting.order(of: text, alphabet: 256)
        )
    }

    init(text: [UInt8], starts: [Int32], order: [Int32]) {
        self.text = text
        self.starts = starts
        self.order = order
    }

    package var recordCount: Int { starts.count }

    /// What the index holds in memory.
    package var byteCount: Int { text.count + 4 * (starts.count + order.count) }

    /// The record that a position of the text belongs to, and where in it the position is.
    func place(of position: Int32) -> SpanMatch.Place {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle } else { high = middle }
        }
        return SpanMatch.Place(record: low, offset: Int(position - starts[low]))
    }
}
