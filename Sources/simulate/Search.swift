import Foundation
import Primitives
import Simulator
import Synchronization

/// What the command line asks for.
struct Search {
    enum Failure: Error, CustomStringConvertible {
        case usage
        var description: String { "usage: simulate seeds|twins FIRST-LAST, or simulate growth" }
    }

    private enum Kind: String {
        case seeds, twins
    }

    private let kind: Kind
    private let first: UInt64
    private let last: UInt64

    init(_ arguments: [String]) throws {
        guard arguments.count == 2, let kind = Kind(rawValue: arguments[0]) else {
            throw Failure.usage
        }
        let ends = arguments[1].split(separator: "-").compactMap { UInt64($0) }
        guard let first = ends.first, let last = ends.last, first <= last, last < .max else {
            throw Failure.usage
        }
        (self.kind, self.first, self.last) = (kind, first, last)
    }

    /// Runs every seed on as many threads as there are processors. True when nothing broke.
    func run() -> Bool {
        let begin = Date()
        let total = Mutex(Tally())
        let width: UInt64 = kind == .seeds ? 1 : 256
        let batches = Int((last - first) / width) + 1
        DispatchQueue.concurrentPerform(iterations: batches) { batch in
            let start = first + UInt64(batch) * width
            var tally = Tally()
            for seed in start...min(last, start + width - 1) {
                let lines = kind == .seeds ? tally.simulate(seed) : tally.twins(seed)
                // One write a line, so that threads do not mix theirs.
                for line in lines { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
            }
            total.withLock { $0.add(tally) }
        }
        let tally = total.withLock { $0 }
        print(tally.text(seconds: Date().timeIntervalSince(begin)))
        return tally.broken == 0
    }
}
