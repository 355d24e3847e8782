import Foundation
import JSON
import Logging
import Node
import Synchronization
import Testing

@Suite("Logs as JSON") struct JSONLogTests {
    @Test("a line is one object with time, level, logger, message and metadata")
    func line() throws {
        let lines = SendableLines()
        var logger = Logger(label: "node") { label in
            JSONLogHandler(label: label, write: lines.add) { Date(timeIntervalSince1970: 1.5) }
        }
        logger[metadataKey: "chain"] = "c"
        logger.warning("two\nlines", metadata: ["height": "7", "level": "no"])
        logger.debug("not written")
        #expect(lines.all.count == 1)
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}\n"))
        #expect(
            try JSON.parse(line) == [
                "time": "1970-01-01T00:00:01.500Z", "level": "warning", "logger": "node",
                "message": "two\nlines", "chain": "c", "height": "7",
            ]
        )
    }
}

private final class SendableLines: Sendable {
    private let lines = Mutex<[String]>([])

    @Sendable func add(_ bytes: [UInt8]) {
        lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
    }

    var all: [String] { lines.withLock { $0 } }
}
