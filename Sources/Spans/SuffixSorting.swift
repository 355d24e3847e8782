// Sorts all suffixes of a text in linear time.

/// SA-IS (Nong, Zhang and Chan 2009, "Linear suffix array construction by almost pure
/// induced-sorting"). The end of the text counts as smaller than every symbol.
enum SuffixSorting {
    /// The starts of all suffixes in ascending order: 4 bytes a symbol, and while it runs about 5
    /// more.
    /// - Precondition: every symbol is in `0..<alphabet`, and the text has at most 2^31 - 1.
    static func order<Symbol: FixedWidthInteger>(of text: [Symbol], alphabet: Int) -> [Int32] {
        precondition(text.count < Int(Int32.max))
        guard text.count > 1 else { return text.isEmpty ? [] : [0] }
        let scan = SuffixClasses(text, alphabet: alphabet)
        let marks = scan.marks()
        var order = [Int32](repeating: -1, count: text.count)
        scan.induce(text, from: marks, into: &order)
        guard marks.count > 1 else { return order }

        // Names of the substrings between marks, by their rank; equal substrings share one.
        var sorted: [Int32] = []
        sorted.reserveCapacity(marks.count)
        for start in order where scan.isMark(Int(start)) { sorted.append(start) }
        let (names, distinct) = names(of: sorted, text, scan)
        if distinct < marks.count {
            let reduced = marks.map { names[Int($0) / 2] }
            let ranks = Self.order(of: reduced, alphabet: distinct)
            for (rank, position) in ranks.enumerated() { sorted[rank] = marks[Int(position)] }
        }
        scan.induce(text, from: sorted, into: &order)
        return order
    }

    /// Marks are at least two apart, so that half the positions have room for all names.
    private static func names<Symbol: FixedWidthInteger>(
        of sorted: [Int32],
        _ text: [Symbol],
        _ scan: SuffixClasses
    ) -> (names: [Int32], distinct: Int) {
        var names = [Int32](repeating: 0, count: text.count / 2 + 1)
        var name: Int32 = 0
        for position in 1..<sorted.count {
            let start = Int(sorted[position])
            if !scan.substringsAreEqual(text, Int(sorted[position - 1]), start) { name += 1 }
            names[start / 2] = name
        }
        return (names, Int(name) + 1)
    }
}

/// Which suffixes are smaller than the one after them, and where each symbol's suffixes go.
private struct SuffixClasses {
    /// Whether the suffix here is smaller than the next one.
    let ascending: [Bool]
    /// For each symbol the first place of its descending, and of its ascending suffixes.
    let descendingStart: [Int32]
    let ascendingStart: [Int32]

    init<Symbol: FixedWidthInteger>(_ text: [Symbol], alphabet: Int) {
        var ascending = [Bool](repeating: false, count: text.count)
        var descendingCount = [Int32](repeating: 0, count: alphabet)
        var ascendingCount = descendingCount
        descendingCount[Int(text[text.count - 1])] = 1
        for position in stride(from: text.count - 2, through: 0, by: -1) {
            let symbol = text[position]
            let next = text[position + 1]
            let isAscending = symbol == next ? ascending[position + 1] : symbol < next
            ascending[position] = isAscending
            if isAscending {
                ascendingCount[Int(symbol)] += 1
            } else {
                descendingCount[Int(symbol)] += 1
            }
        }
        self.ascending = ascending
        var total: Int32 = 0
        for symbol in 0..<alphabet {
            let descending = descendingCount[symbol]
            descendingCount[symbol] = total
            total += descending
            let count = ascendingCount[symbol]
            ascendingCount[symbol] = total
            total += count
        }
        descendingStart = descendingCount
        ascendingStart = ascendingCount
    }

    /// Whether an ascending suffix starts here right after a descending one.
    func isMark(_ position: Int) -> Bool {
        position > 0 && ascending[position] && !ascending[position - 1]
    }

    func marks() -> [Int32] {
        var marks: [Int32] = []
        for position in ascending.indices where isMark(position) { marks.append(Int32(position)) }
        return marks
    }

    /// Whether the two substrings from mark to next mark have the same symbols.
    func substringsAreEqual<Symbol: FixedWidthInteger>(
        _ text: [Symbol],
        _ left: Int,
        _ right: Int
    ) -> Bool {
        var length = 0
        while left + length < text.count, right + length < text.count,
            text[left + length] == text[right + length]
        {
            if length > 0 {
                let ends = (isMark(left + length), isMark(right + length))
                if ends.0 || ends.1 { return ends.0 && ends.1 }
            }
            length += 1
        }
        return false
    }

    /// Puts marked suffixes in the given order at their places, then every descending suffix
    /// before, and every ascending one after what follows it.
    func induce<Symbol: FixedWidthInteger>(
        _ text: [Symbol],
        from marks: [Int32],
        into order: inout [Int32]
    ) {
        for position in order.indices { order[position] = -1 }
        var next = ascendingStart
        for mark in marks {
            let symbol = Int(text[Int(mark)])
            order[Int(next[symbol])] = mark
            next[symbol] += 1
        }
        next = descendingStart
        let last = text.count - 1
        order[Int(next[Int(text[last])])] = Int32(last)
        next[Int(text[last])] += 1
        for position in order.indices {
            let start = Int(order[position])
            guard start > 0, !ascending[start - 1] else { continue }
            let symbol = Int(text[start - 1])
            order[Int(next[symbol])] = Int32(start - 1)
            next[symbol] += 1
        }
        // A symbol's ascending suffixes end where the next symbol's places begin.
        next = descendingStart
        next.append(Int32(text.count))
        for position in order.indices.reversed() {
            let start = Int(order[position])
            guard start > 0, ascending[start - 1] else { continue }
            let symbol = Int(text[start - 1]) + 1
            next[symbol] -= 1
            order[Int(next[symbol])] = Int32(start - 1)
        }
    }
}
