// JSON lines in both directions: an object in, an object out, in order. A line that cannot be
// answered gets an error in its place, and the lines after it are answered all the same.

package import JSON
import LanguageModel

/// What is wrong with one line of input.
package struct LineDefect: Error, Equatable {
    /// The member of the object; nil where the line as a whole is wrong.
    package let field: String?
    package let message: String

    package init(field: String? = nil, _ message: String) {
        self.field = field
        self.message = message
    }

    /// `{"error":{"line","field","message"}}`; lines count from 1.
    package func json(line: Int) -> JSON {
        [
            "error": [
                "line": .integer(line), "field": field.map { .string($0) } ?? .null,
                "message": .string(message),
            ]
        ]
    }
}

extension LineDefect {
    /// A text that the model cannot process.
    init(_ error: ModelError) {
        switch error {
        case .emptyInput: self.init("there are no tokens")
        case .tokenOutOfRange(let id, let vocabulary):
            self.init(field: "ids", "the token \(id) is not below \(vocabulary)")
        case .contextExceeded(let tokens, let limit):
            self.init("\(tokens) tokens are more than the model's context of \(limit)")
        case .adapterMismatch(let failure): self.init("the adapter does not fit: \(failure)")
        case .arithmetic(let failure): self.init("the computation failed: \(failure)")
        }
    }
}

package enum LineProtocol {
    package struct Summary: Sendable, Equatable {
        package var lines = 0
        package var defects = 0

        package init(lines: Int = 0, defects: Int = 0) {
            self.lines = lines
            self.defects = defects
        }
    }

    /// Reads lines to their end and writes one line for each, at once.
    ///
    /// - Parameters:
    ///   - answer: an object's answer.
    ///   - write: takes a line with its line break.
    package static func run(
        _ lines: LineReader,
        answer: (JSONObject) throws -> JSON,
        write: ([UInt8]) throws -> Void
    ) throws -> Summary {
        try run(lines, answerLine: { try answer(object(of: $0)) }, write: write)
    }

    /// The same, for lines whose form the tool reads itself.
    package static func run(
        _ lines: LineReader,
        answerLine: ([UInt8]) throws -> JSON,
        write: ([UInt8]) throws -> Void
    ) throws -> Summary {
        var lines = lines
        var summary = Summary()
        while let line = try lines.next() {
            summary.lines += 1
            let reply: JSON
            do {
                guard case .bytes(let bytes) = line else {
                    throw LineDefect("the line has more than \(LineReader.byteLimit) bytes")
                }
                reply = try answerLine(bytes)
            } catch let defect as LineDefect {
                summary.defects += 1
                reply = defect.json(line: summary.lines)
            }
            try write(reply.compactBytes + [0x0a])
        }
        return summary
    }

    /// The same, for a tool that answers several objects together for less than one by one.
    ///
    /// - Parameters:
    ///   - batch: how many lines are read before they are answered; positive.
    ///   - answer: one result for each object, in order.
    package static func run(
        _ lines: LineReader,
        batch: Int,
        answer: ([JSONObject]) throws -> [Result<JSON, LineDefect>],
        write: ([UInt8]) throws -> Void
    ) throws -> Summary {
        var lines = lines
        var summary = Summary()
        var waiting: [Result<JSONObject, LineDefect>] = []
        var hasEnded = false
        while !hasEnded {
            while waiting.count < batch, !hasEnded {
                guard let line = try lines.next() else {
                    hasEnded = true
                    break
                }
                waiting.append(Result { () throws(LineDefect) in try object(ofLine: line) })
            }
            var answers = try answer(waiting.compactMap { try? $0.get() })[...]
            for object in waiting {
                summary.lines += 1
                switch object.flatMap({ _ in answers.removeFirst() }) {
                case .success(let reply): try write(reply.compactBytes + [0x0a])
                case .failure(let defect):
                    summary.defects += 1
                    try write(defect.json(line: summary.lines).compactBytes + [0x0a])
                }
            }
            waiting = []
        }
        return summary
    }

    private static func object(ofLine line: LineReader.Line) throws(LineDefect) -> JSONObject {
        guard case .bytes(let bytes) = line else {
            throw LineDefect("the line has more than \(LineReader.byteLimit) bytes")
        }
        return try object(of: bytes)
    }

    /// The object that a line holds.
    package static func object(of bytes: [UInt8]) throws(LineDefect) -> JSONObject {
        guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 }) else {
            throw LineDefect("the line is blank")
        }
        let value: JSON
        do {
            value = try JSON.parse(bytes, depthLimit: 32)
        } catch {
            throw LineDefect("\(error)")
        }
        guard let object = value.object else {
            throw LineDefect("the line is \(value.kind), not an object")
        }
        return object
    }
}

/// Members of a request. Unknown members are ignored: lines of a dataset have more than their text.
extension JSONObject {
    func text(_ field: String) throws(LineDefect) -> String? {
        guard let value = self[field] else { return nil }
        guard let text = value.string else {
            throw LineDefect(field: field, "\(field) is \(value.kind), not a string")
        }
        return text
    }

    func requiredText(_ field: String) throws(LineDefect) -> String {
        guard let text = try text(field) else {
            throw LineDefect(field: field, "there is no \(field)")
        }
        return text
    }

    func integer(_ field: String, in range: ClosedRange<Int>) throws(LineDefect) -> Int? {
        guard let value = self[field] else { return nil }
        guard let number = value.integer(Int.self), range.contains(number) else {
            throw LineDefect(
                field: field,
                "\(field) is no integer from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// Token ids below `vocabulary`.
    func ids(_ field: String, vocabulary: Int) throws(LineDefect) -> [UInt32]? {
        guard let value = self[field] else { return nil }
        guard let items = value.array else {
            throw LineDefect(field: field, "\(field) is \(value.kind), not an array")
        }
        var ids: [UInt32] = []
        ids.reserveCapacity(items.count)
        for (place, item) in items.enumerated() {
            guard let id = item.integer(UInt32.self), Int(id) < vocabulary else {
                throw LineDefect(
                    field: field,
                    "\(field)[\(place)] is no token id below \(vocabulary)"
                )
            }
            ids.append(id)
        }
        return ids
    }
}

extension JSON {
    /// The shortest decimal that reads back as the same value; null for what JSON cannot write.
    static func real(_ value: Double?) -> JSON {
        value.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null
    }
}
