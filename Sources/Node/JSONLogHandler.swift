// Log lines as JSON, one object a line, for whoever collects them.

package import Foundation
import JSON
package import Logging

/// Writes `{"time","level","logger","message", …}` with the metadata as further members.
package struct JSONLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.info

    private let label: String
    private let write: @Sendable ([UInt8]) -> Void
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - write: takes a line with its line break.
    ///   - now: the time of a message.
    package init(
        label: String,
        write: @escaping @Sendable ([UInt8]) -> Void = { bytes in
            try? FileHandle.standardError.write(contentsOf: Data(bytes))
        },
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.label = label
        self.write = write
        self.now = now
    }

    /// UTC, as RFC 3339 writes it.
    private static func time(_ date: Date) -> String {
        date.ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let own: Set = ["time", "level", "logger", "message"]
        var members: [JSONObject.Member] = [
            .init(key: "time", value: .string(Self.time(now()))),
            .init(key: "level", value: .string(event.level.rawValue)),
            .init(key: "logger", value: .string(label)),
            .init(key: "message", value: .string("\(event.message)")),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where !own.contains(key) {
            members.append(.init(key: key, value: .string("\(value)")))
        }
        guard let object = JSONObject(unique: members) else { return }
        write(JSON.object(object).compactBytes + [0x0a])
    }
}
