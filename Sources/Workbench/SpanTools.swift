// Which passages of a text stand word for word in the training texts.

package import JSON
import Spans

package struct SpanTools: Sendable {
    package static let defaultMinimum = 32

    private let index: SpanIndex
    /// The line, from 1, of each record of the index.
    private let lines: [Int]
    private let minimum: Int

    /// - Parameter minimum: the least length of a passage, in bytes; positive.
    package init(_ training: TrainingTexts, minimum: Int) throws(WorkbenchError) {
        var texts: [[UInt8]] = []
        var lines: [Int] = []
        for (place, line) in training.lines.enumerated() {
            guard let line else { continue }
            texts.append(Array(line.text.utf8))
            lines.append(place + 1)
        }
        do {
            index = try SpanIndex(texts)
        } catch {
            throw .failed("the training texts cannot be searched: \(error)")
        }
        self.lines = lines
        self.minimum = minimum
    }

    /// `{"text"}` gives `{"spans":[{"start","end","text","occurrences","places":[{"line",
    /// "offset"}]}]}`: every longest passage, in bytes of UTF-8 from 0; lines count from 1.
    package func spans(_ request: JSONObject) throws(LineDefect) -> JSON {
        let query = Array(try request.requiredText("text").utf8)
        return [
            "spans": .array(
                index.matches(of: query, minimum: minimum).map { match in
                    [
                        "start": .integer(match.range.lowerBound),
                        "end": .integer(match.range.upperBound),
                        "text": .string(String(decoding: query[match.range], as: UTF8.self)),
                        "occurrences": .integer(match.occurrences),
                        "places": .array(
                            match.places.map {
                                [
                                    "line": .integer(lines[$0.record]),
                                    "offset": .integer($0.offset),
                                ]
                            }
                        ),
                    ]
                }
            )
        ]
    }
}
