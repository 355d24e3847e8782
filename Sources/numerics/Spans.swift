// How long the span index of a text takes to make and to ask.

import ExactMath
import Foundation
import Primitives
import Spans

/// Bytes of a query of about 200 tokens.
private let queryBytes = 900

/// Every line of the file is a record. Queries are three passages of the text each, cut so that
/// they fit nowhere as a whole; for the first few every match is looked for by plain search.
func printSpans(file: String) throws {
    let text = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    let records = text.split(separator: 0x0a).map(Array.init).filter { !$0.contains(0xff) }
    let clock = ContinuousClock()
    var built: SpanIndex?
    let making = try clock.measure { built = try SpanIndex(records) }
    guard let index = built else { return }
    var generator = KeyedGenerator(seed: .zero, domain: 99)
    var times: [Duration] = []
    var checked = 0
    for number in 0..<50 {
        let parts = (0..<3).map { _ in
            let start = Int(generator.next(below: UInt64(max(1, text.count - queryBytes))))
            return text[start..<min(start + queryBytes / 3, text.count)]
        }
        let query = Array(parts.joined())
        var matches: [SpanMatch] = []
        times.append(clock.measure { matches = index.matches(of: query, minimum: 16) })
        guard number < 3, let match = matches.first(where: { $0.range.count > 40 }) else {
            continue
        }
        let passage = Array(query[match.range])
        let longer = Array(
            query[match.range.lowerBound..<min(match.range.upperBound + 1, query.count)]
        )
        guard occurrences(of: passage, in: records) == match.occurrences,
            longer == passage || occurrences(of: longer, in: records) == 0
        else { throw SpanCheckFailure() }
        checked += 1
    }
    times.sort()
    print(
        """
        {"bytes":\(text.count),"records":\(records.count),"index_bytes":\(index.byteCount),\
        "seconds_to_make":\(making / .seconds(1)),\
        "milliseconds_median":\(times[times.count / 2] / .milliseconds(1)),\
        "milliseconds_worst":\(times[times.count - 1] / .milliseconds(1)),\
        "queries":\(times.count),"checked_by_search":\(checked)}
        """
    )
}

private struct SpanCheckFailure: Error {}

private func occurrences(of passage: [UInt8], in records: [[UInt8]]) -> Int {
    var count = 0
    for record in records where record.count >= passage.count {
        for start in 0...record.count - passage.count where record[start] == passage[0] {
            if record[start..<start + passage.count].elementsEqual(passage) { count += 1 }
        }
    }
    return count
}
