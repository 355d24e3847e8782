import Spans
import TestSupport
import Testing

@Suite("Verbatim spans") struct SpanIndexTests {
    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Random records over few letters, so that they repeat each other a lot.
    static func records(_ seed: UInt64, letters: Int) -> (records: [[UInt8]], query: [UInt8]) {
        var random = SeededGenerator(seed: seed)
        func text(_ length: Int) -> [UInt8] {
            (0..<length).map { _ in UInt8(97 + Int.random(in: 0..<letters, using: &random)) }
        }
        let records = (0..<12).map { _ in text(Int.random(in: 0...60, using: &random)) }
        let copied = records.filter { $0.count > 9 }.prefix(2).flatMap { $0.dropFirst(3).prefix(9) }
        return (records, text(7) + copied + text(20))
    }

    static func places(of passage: ArraySlice<UInt8>, _ records: [[UInt8]]) -> [SpanMatch.Place] {
        var places: [SpanMatch.Place] = []
        for (number, record) in records.enumerated() where record.count >= passage.count {
            for offset in 0...record.count - passage.count
            where record[offset..<offset + passage.count].elementsEqual(passage) {
                places.append(SpanMatch.Place(record: number, offset: offset))
            }
        }
        return places
    }

    /// By trying every length at every position.
    static func naive(_ query: [UInt8], _ records: [[UInt8]], minimum: Int) -> [SpanMatch] {
        var found: [SpanMatch] = []
        for start in query.indices {
            var end = start
            while end < query.count, !places(of: query[start...end], records).isEmpty { end += 1 }
            guard end - start >= minimum, end > found.last?.range.upperBound ?? 0 else { continue }
            let places = places(of: query[start..<end], records)
            found.append(
                SpanMatch(
                    range: start..<end,
                    occurrences: places.count,
                    places: Array(places.prefix(SpanIndex.placesLimit))
                )
            )
        }
        return found
    }

    @Test("finds what a search of every position and length finds", arguments: 1...40)
    func againstNaiveSearch(seed: UInt64) throws {
        let (records, query) = Self.records(seed, letters: 1 + Int(seed % 5))
        let index = try SpanIndex(records)
        for minimum in [1, 3, 8] {
            let expected = Self.naive(query, records, minimum: minimum)
            #expect(index.matches(of: query, minimum: minimum) == expected)
        }
    }

    @Test("a sentence is found with its record, and never across two records")
    func sentence() throws {
        let index = try SpanIndex([
            Self.bytes("Ebb and flood follow the moon."), Self.bytes("Knead the dough well."),
        ])
        let match = try #require(
            index.matches(of: Self.bytes("They say: knead the dough well. Ebb!"), minimum: 10).first
        )
        #expect(match.range == 11..<31)
        #expect(match.places == [SpanMatch.Place(record: 1, offset: 1)])
        #expect(index.matches(of: Self.bytes("moon.Knead"), minimum: 6) == [])
    }

    @Test("records and queries may be empty, and the separator's byte matches nothing")
    func edges() throws {
        #expect(try SpanIndex([]).matches(of: [1, 2, 3], minimum: 1) == [])
        let index = try SpanIndex([[], [7, 8], []])
        #expect(index.matches(of: [], minimum: 1) == [])
        let found = index.matches(of: [0xff, 7, 8, 0xff, 8], minimum: 1)
        #expect(found.map(\.range) == [1..<3, 4..<5])
        #expect(found.map { $0.places.map(\.record) } == [[1], [1]])
        #expect(throws: SpanIndex.Failure.notText(record: 1)) { try SpanIndex([[1], [0xff]]) }
    }

    @Test("the file of an index gives the index back, and a damaged one an error or no trap")
    func file() throws {
        let index = try SpanIndex(Self.records(3, letters: 3).records)
        let bytes = index.file
        #expect(try SpanIndex(file: bytes) == index)
        for count in 0..<bytes.count {
            #expect(throws: SpanIndex.Failure.self) { try SpanIndex(file: Array(bytes[..<count])) }
        }
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= 0x81
            guard let index = try? SpanIndex(file: damaged) else { continue }
            let found = index.matches(of: Array(repeating: 97, count: 30), minimum: 2)
            #expect(found.allSatisfy { $0.range.upperBound <= 30 })
        }
    }
}
