/// A passage of a query that stands in the records as it is, and in no longer form.
package struct SpanMatch: Sendable, Equatable {
    package struct Place: Sendable, Equatable {
        package let record: Int
        /// In bytes from the record's start.
        package let offset: Int

        package init(record: Int, offset: Int) {
            self.record = record
            self.offset = offset
        }
    }

    /// In bytes of the query.
    package let range: Range<Int>
    /// How often the passage occurs in all records.
    package let occurrences: Int
    /// The first occurrences in the order of the records.
    package let places: [Place]

    package init(range: Range<Int>, occurrences: Int, places: [Place]) {
        self.range = range
        self.occurrences = occurrences
        self.places = places
    }
}

extension SpanIndex {
    /// How many occurrences a match names.
    package static let placesLimit = 8
    /// A passage that occurs more often than this is counted, but its places are those of the
    /// first so many in sorted order.
    private static let scanLimit = 1 << 16

    /// Every longest passage of at least `minimum` bytes: one that occurs in a record and would
    /// not if it were longer at either end. In ascending order of their starts, which is also that
    /// of their ends.
    /// - Precondition: `minimum` is positive.
    package func matches(of query: [UInt8], minimum: Int) -> [SpanMatch] {
        precondition(minimum > 0)
        var found: [SpanMatch] = []
        var covered = 0
        for start in query.indices where query.count - start >= minimum {
            let (rank, length) = longest(query[start...])
            guard length >= minimum, start + length > covered else { continue }
            covered = start + length
            found.append(match(query, start..<covered, near: rank))
        }
        return found
    }

    /// The length of the longest prefix of `query` that occurs in a record, and a rank at which it
    /// does.
    private func longest(_ query: ArraySlice<UInt8>) -> (rank: Int, length: Int) {
        var low = -1
        var high = order.count
        var (lowCommon, highCommon) = (0, 0)
        // Everything at or below `low` is smaller than the query, everything from `high` on is not.
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let (common, isSmaller) = compare(middle, query, from: min(lowCommon, highCommon))
            if isSmaller {
                (low, lowCommon) = (middle, common)
            } else {
                (high, highCommon) = (middle, common)
            }
        }
        return lowCommon > highCommon ? (low, lowCommon) : (high, highCommon)
    }

    /// How many bytes the suffix of this rank and the query have in common, given that the first
    /// `known` are, and whether the suffix is the smaller one.
    private func compare(
        _ rank: Int,
        _ query: ArraySlice<UInt8>,
        from known: Int
    ) -> (common: Int, isSmaller: Bool) {
        var position = Int(order[rank]) + known
        var index = query.startIndex + known
        while index < query.endIndex, position < text.count, text[position] == query[index],
            query[index] != Self.separator
        {
            position += 1
            index += 1
        }
        let common = index - query.startIndex
        guard index < query.endIndex else { return (common, false) }
        return (common, position >= text.count || text[position] < query[index])
    }

    private func match(_ query: [UInt8], _ range: Range<Int>, near rank: Int) -> SpanMatch {
        let passage = query[range]
        // The ranks that start with the passage lie together.
        func end(_ step: Int, _ limit: Int) -> Int {
            var inside = rank
            var stride = 1
            while stride > 0 {
                let next = inside + step * stride
                let isInside =
                    (limit - next) * step >= 0
                    && compare(next, passage, from: 0).common == passage.count
                if isInside {
                    inside = next
                    stride *= 2
                } else {
                    stride /= 2
                }
            }
            return inside
        }
        let ranks = end(-1, 0)...end(1, order.count - 1)
        let scanned =
            ranks.lowerBound..<min(ranks.upperBound + 1, ranks.lowerBound + Self.scanLimit)
        let first = order[scanned].sorted().prefix(Self.placesLimit)
        return SpanMatch(
            range: range,
            occurrences: ranks.count,
            places: first.map(place(of:))
        )
    }
}
