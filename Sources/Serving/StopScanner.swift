/// Cuts a stream of text before the first of some stop texts. What could be the start of one is
/// held back until it is decided.
struct StopScanner {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    private(set) var isStopped = false

    /// - Precondition: no stop is empty.
    init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) } }

    /// The text that may be shown.
    mutating func append(_ text: String) -> String {
        guard !isStopped else { return "" }
        held += text.utf8
        if let place = held.indices.first(where: { place in
            stops.contains { held[place...].starts(with: $0) }
        }) {
            isStopped = true
            held.removeLast(held.count - place)
            return flush(keeping: 0)
        }
        let undecided = held.indices.first { place in
            stops.contains { $0.starts(with: held[place...]) }
        }
        return flush(keeping: undecided.map { held.count - $0 } ?? 0)
    }

    /// What was held back, once no more text comes.
    mutating func finish() -> String { flush(keeping: 0) }

    private mutating func flush(keeping count: Int) -> String {
        let end = held.count - count
        defer { held.removeFirst(end) }
        return String(decoding: held[..<end], as: UTF8.self)
    }
}
