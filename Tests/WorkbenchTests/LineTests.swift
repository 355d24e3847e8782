import JSON
import Testing
import Workbench

@Suite("Workbench: lines") struct LineTests {
    /// Pieces of a stream, one a read.
    static func reader(_ pieces: [String], limit: Int = 1 << 20) -> LineReader {
        var rest = pieces.map { Array($0.utf8) }[...]
        return LineReader(limit: limit) { rest.popFirst() ?? [] }
    }

    static func lines(_ pieces: [String], limit: Int = 1 << 20) throws -> [String] {
        var reader = reader(pieces, limit: limit)
        var found: [String] = []
        while let line = try reader.next() {
            switch line {
            case .bytes(let bytes): found.append(String(decoding: bytes, as: UTF8.self))
            case .tooLong: found.append("TOO LONG")
            }
        }
        return found
    }

    @Test(
        "lines are the same however the stream is cut",
        arguments: [
            ["a\nbc\n\nd"], ["a", "\n", "b", "c\n\nd"], ["a\nb", "c\n", "\n", "d"],
            ["a\r\nbc\n\r\nd"],
        ]
    )
    func pieces(_ pieces: [String]) throws {
        #expect(try Self.lines(pieces) == ["a", "bc", "", "d"])
    }

    @Test("a line break at the end starts no line, and nothing is no line")
    func ends() throws {
        #expect(try Self.lines(["a\n"]) == ["a"])
        #expect(try Self.lines([]) == [])
        #expect(try Self.lines(["\n"]) == [""])
    }

    @Test("a line over the limit is passed over whole, and the next one is read")
    func tooLong() throws {
        #expect(try Self.lines(["12345\nab\n"], limit: 4) == ["TOO LONG", "ab"])
        #expect(try Self.lines(["123", "45", "678", "9\nab\n"], limit: 4) == ["TOO LONG", "ab"])
        #expect(try Self.lines(["ab\n123", "456"], limit: 4) == ["ab", "TOO LONG"])
    }

    @Test("a line is answered before the next one has arrived")
    func prompt() throws {
        var events: [String] = []
        var pieces = ["{\"n\":1}\n", "{\"n\":2}\n"][...]
        let reader = LineReader {
            events.append("read")
            return pieces.popFirst().map { Array($0.utf8) } ?? []
        }
        let summary = try LineProtocol.run(reader, answer: { .object($0) }) {
            events.append(String(decoding: $0, as: UTF8.self))
        }
        #expect(summary == .init(lines: 2))
        #expect(events == ["read", "{\"n\":1}\n", "read", "{\"n\":2}\n", "read"])
    }

    @Test("a bad line has its error in its place, and the others their answers")
    func defects() throws {
        var output: [String] = []
        let input = ["{\"a\":1}\n\n[]\n{\"a\":\n{\"a\":1,\"a\":2}\n{\"b\":\"x\"}\n{\"a\":4}\n"]
        let summary = try LineProtocol.run(
            Self.reader(input),
            answer: { request in
                guard let a = request["a"] else { throw LineDefect(field: "a", "there is no a") }
                return ["got": a]
            },
            write: { output.append(String(decoding: $0, as: UTF8.self)) }
        )
        #expect(summary == .init(lines: 7, defects: 5))
        #expect(output.count == 7)
        #expect(output.first == "{\"got\":1}\n" && output.last == "{\"got\":4}\n")
        #expect(
            output[1]
                == "{\"error\":{\"line\":2,\"field\":null,\"message\":\"the line is blank\"}}\n"
        )
        #expect(output[2].contains("\"line\":3") && output[2].contains("an array"))
        #expect(output[4].contains("twice"))
        #expect(
            output[5] == "{\"error\":{\"line\":6,\"field\":\"a\",\"message\":\"there is no a\"}}\n"
        )
    }
}
