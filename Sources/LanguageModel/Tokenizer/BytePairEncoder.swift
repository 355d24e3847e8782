// Byte-pair merges: of all neighbouring pairs that have a merge, the one of lowest rank goes first,
// the leftmost of equals. A heap keeps a word of n symbols at O(n log n), because a stranger
// chooses n; most words are so short that looking at every pair is faster.

struct BytePairEncoder: Sendable {
    struct Merge: Sendable {
        let rank: UInt32
        let token: UInt32

        static let none = Merge(rank: .max, token: 0)
    }

    /// Words of up to so many symbols are merged without the heap.
    private static let shortWord = 32

    /// By `pairKey`.
    private var merges: [UInt64: Merge] = [:]

    static func pairKey(_ left: UInt32, _ right: UInt32) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }

    /// Returns false when the pair already has a merge.
    mutating func addMerge(_ left: UInt32, _ right: UInt32, _ merge: Merge) -> Bool {
        merges.updateValue(merge, forKey: Self.pairKey(left, right)) == nil
    }

    mutating func reserve(_ count: Int) { merges.reserveCapacity(count) }

    /// Appends what the symbols of a word become.
    func merge(_ symbols: [UInt32], to result: inout [UInt32]) {
        switch symbols.count {
        case 0...1: result += symbols
        case ...Self.shortWord: mergeShort(symbols, to: &result)
        default: mergeLong(symbols, to: &result)
        }
    }

    private func merge(of left: UInt32, _ right: UInt32) -> Merge {
        merges[Self.pairKey(left, right)] ?? .none
    }

    private func mergeShort(_ word: [UInt32], to result: inout [UInt32]) {
        var symbols = word
        var pairs: [Merge] = []
        pairs.reserveCapacity(symbols.count)
        for place in 1..<symbols.count {
            pairs.append(merge(of: symbols[place - 1], symbols[place]))
        }
        while !pairs.isEmpty {
            var best = 0
            for place in 1..<pairs.count where pairs[place].rank < pairs[best].rank {
                best = place
            }
            guard pairs[best].rank != Merge.none.rank else { break }
            symbols[best] = pairs[best].token
            symbols.remove(at: best + 1)
            pairs.remove(at: best)
            if best > 0 { pairs[best - 1] = merge(of: symbols[best - 1], symbols[best]) }
            if best < pairs.count { pairs[best] = merge(of: symbols[best], symbols[best + 1]) }
        }
        result += symbols
    }

    private func mergeLong(_ word: [UInt32], to result: inout [UInt32]) {
        var symbols = word
        // A merged symbol lives at its left place; the right place is dead (`next` = 0).
        var next = symbols.indices.map { $0 + 1 }
        var previous = symbols.indices.map { $0 - 1 }
        var queue = MergeQueue()
        func offer(_ left: Int) {
            let right = next[left]
            guard right < symbols.count else { return }
            let merge = merge(of: symbols[left], symbols[right])
            guard merge.rank != Merge.none.rank else { return }
            queue.push(
                .init(
                    rank: merge.rank,
                    place: UInt32(left),
                    pair: Self.pairKey(symbols[left], symbols[right]),
                    token: merge.token
                )
            )
        }
        for place in symbols.indices { offer(place) }
        while let item = queue.pop() {
            let left = Int(item.place)
            let right = next[left]
            // Stale entries: the left symbol was absorbed or grew, or its neighbour did.
            guard right != 0, right < symbols.count,
                Self.pairKey(symbols[left], symbols[right]) == item.pair
            else { continue }
            symbols[left] = item.token
            next[left] = next[right]
            if next[right] < symbols.count { previous[next[right]] = left }
            next[right] = 0
            if previous[left] >= 0 { offer(previous[left]) }
            offer(left)
        }
        for place in symbols.indices where next[place] != 0 { result.append(symbols[place]) }
    }
}

/// A binary heap of candidate merges, least rank first, then leftmost.
private struct MergeQueue {
    struct Item {
        let rank: UInt32
        let place: UInt32
        let pair: UInt64
        let token: UInt32

        static func < (left: Item, right: Item) -> Bool {
            (left.rank, left.place) < (right.rank, right.place)
        }
    }

    private var items: [Item] = []

    mutating func push(_ item: Item) {
        items.append(item)
        var place = items.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard items[place] < items[parent] else { return }
            items.swapAt(place, parent)
            place = parent
        }
    }

    mutating func pop() -> Item? {
        guard let last = items.popLast() else { return nil }
        guard let first = items.first else { return last }
        items[0] = last
        var place = 0
        while true {
            var least = place
            for child in 2 * place + 1...2 * place + 2
            where child < items.count && items[child] < items[least] {
                least = child
            }
            guard least != place else { return first }
            items.swapAt(place, least)
            place = least
        }
    }
}
