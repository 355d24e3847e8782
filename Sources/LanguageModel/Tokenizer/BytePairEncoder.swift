// Byte-pair merges: of all neighbouring pairs that have a merge, the one of lowest rank goes first,
// the leftmost of equals. A heap keeps a word of n bytes at O(n log n), because a stranger chooses n.

struct BytePairEncoder: Sendable {
    struct Merge: Sendable {
        let rank: UInt32
        let token: UInt32
    }

    /// By `pairKey`.
    private var merges: [UInt64: Merge] = [:]
    /// The token of each single byte; nil where the vocabulary has none and the byte vanishes.
    private let byteTokens: [UInt32?]

    init(byteTokens: [UInt32?]) { self.byteTokens = byteTokens }

    static func pairKey(_ left: UInt32, _ right: UInt32) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }

    /// Returns false when the pair already has a merge.
    mutating func addMerge(_ left: UInt32, _ right: UInt32, _ merge: Merge) -> Bool {
        merges.updateValue(merge, forKey: Self.pairKey(left, right)) == nil
    }

    mutating func reserve(_ count: Int) { merges.reserveCapacity(count) }

    func encode(_ word: ArraySlice<UInt8>) -> [UInt32] {
        var symbols = word.compactMap { byteTokens[Int($0)] }
        guard symbols.count > 1 else { return symbols }
        // A merged symbol lives at its left place; the right place is dead (`next` = 0).
        var next = symbols.indices.map { $0 + 1 }
        var previous = symbols.indices.map { $0 - 1 }
        var queue = MergeQueue()
        func offer(_ left: Int) {
            let right = next[left]
            guard right < symbols.count else { return }
            let pair = Self.pairKey(symbols[left], symbols[right])
            if let merge = merges[pair] {
                queue.push(.init(rank: merge.rank, place: UInt32(left), pair: pair))
            }
        }
        for place in symbols.indices { offer(place) }
        while let item = queue.pop() {
            let left = Int(item.place)
            let right = next[left]
            // Stale entries: the left symbol was absorbed or grew, or its neighbour did.
            guard right != 0, right < symbols.count,
                Self.pairKey(symbols[left], symbols[right]) == item.pair,
                let merge = merges[item.pair]
            else { continue }
            symbols[left] = merge.token
            next[left] = next[right]
            if next[right] < symbols.count { previous[next[right]] = left }
            next[right] = 0
            if previous[left] >= 0 { offer(previous[left]) }
            offer(left)
        }
        return symbols.indices.filter { next[$0] != 0 }.map { symbols[$0] }
    }
}

/// A binary heap of candidate merges, least rank first, then leftmost.
private struct MergeQueue {
    struct Item {
        let rank: UInt32
        let place: UInt32
        let pair: UInt64

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
            for child in [2 * place + 1, 2 * place + 2]
            where child < items.count && items[child] < items[least] {
                least = child
            }
            guard least != place else { return first }
            items.swapAt(place, least)
            place = least
        }
    }
}
