// The shapes of rows: prompt/completion; instruction/input/output (Alpaca); messages (OpenAI);
// conversations (ShareGPT); text. The first whose main field is present decides.

import Commitments
import JSON
package import LanguageModel

/// How rows become records.
package struct DatasetOptions: Sendable {
    package enum Answers: Sendable {
        /// The last answer of a conversation is the completion, and all before it the prompt.
        case last
        /// Every answer is the completion of a record of its own, with what precedes it as prompt:
        /// together their targets are what a loss mask over all of the assistant's tokens has. The
        /// records of one conversation resemble each other, so screening takes all but the first
        /// for near-duplicates: this is for training at home, not for contributions.
        case every
    }

    package let answers: Answers
    /// Writes conversations as the model knows them; nil writes ChatML.
    package let template: ChatTemplate?
    /// The text of the model's end token, which a template writes and a record leaves out.
    package let endOfAnswer: String

    package init(
        answers: Answers = .last,
        template: ChatTemplate? = nil,
        endOfAnswer: String = "<|im_end|>"
    ) {
        self.answers = answers
        self.template = template
        self.endOfAnswer = endOfAnswer
    }
}

enum DatasetRow {
    /// JSON of a row that could give a record of the longest size; escapes take up to six bytes.
    static let rowByteLimit = 6 * DataRecord.byteLimit + 4096
    /// Fields that decide a row's shape or belong to one.
    static let fields: Set = [
        "prompt", "completion", "instruction", "input", "output", "system", "history", "messages",
        "conversations", "text",
    ]
    static let turnFields: Set = ["role", "content", "from", "value"]

    static func records(
        _ row: ArraySlice<UInt8>,
        _ options: DatasetOptions
    ) throws(SkippedRow.Reason) -> [DataRecord] {
        guard row.contains(where: { !isSpace($0) }) else { throw .blank }
        guard row.count <= rowByteLimit else {
            throw .tooLong(bytes: row.count, limit: DataRecord.byteLimit)
        }
        let value: JSON
        do {
            value = try JSON.parse(Array(row), depthLimit: 16)
        } catch {
            throw .invalidJSON(error.description)
        }
        guard let object = value.object else { throw .notAnObject(value.kind) }
        return try records(object, options)
    }

    static func records(
        _ object: JSONObject,
        _ options: DatasetOptions
    ) throws(SkippedRow.Reason) -> [DataRecord] {
        var records: [DataRecord] = []
        for part in try parts(object, options) {
            let bytes = part.prompt.utf8.count + part.completion.utf8.count
            guard bytes <= DataRecord.byteLimit else {
                throw .tooLong(bytes: bytes, limit: DataRecord.byteLimit)
            }
            records.append(
                DataRecord(prompt: Array(part.prompt.utf8), completion: Array(part.completion.utf8))
            )
        }
        return records
    }

    typealias Part = (prompt: String, completion: String)

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    private static func parts(
        _ object: JSONObject,
        _ options: DatasetOptions
    ) throws(SkippedRow.Reason) -> [Part] {
        if has(object, "prompt") || has(object, "completion") {
            if object["prompt"]?.array != nil {
                let prompt = try Conversation.turns(object, "prompt")
                let answer = try Conversation.turns(object, "completion")
                return try Conversation.parts(prompt + answer, options)
            }
            // An empty cell of a table is null.
            let prompt = object["prompt"] == .null ? "" : try text(object, "prompt")
            return [(prompt, try filled(object, "completion"))]
        }
        if has(object, "instruction") { return try alpaca(object, options) }
        if has(object, "messages") {
            return try Conversation.parts(Conversation.turns(object, "messages"), options)
        }
        if has(object, "conversations") {
            let system = try optional(object, "system")
            let turns = try Conversation.turns(object, "conversations")
            let isOpened = turns.first?.role == "system"
            let opening = system.isEmpty || isOpened ? [] : [Conversation.Turn("system", system)]
            return try Conversation.parts(opening + turns, options)
        }
        if has(object, "text") { return [("", try filled(object, "text"))] }
        throw .unknownShape(keys: Array(object.keys.prefix(8)))
    }

    /// A column that a table has for other rows is there and null.
    private static func has(_ object: JSONObject, _ field: String) -> Bool {
        object[field].map { !$0.isNull } ?? false
    }

    /// Alpaca. Without a template the parts are joined by line breaks: system, earlier questions
    /// and answers, instruction, input.
    private static func alpaca(
        _ object: JSONObject,
        _ options: DatasetOptions
    ) throws(SkippedRow.Reason) -> [Part] {
        let system = try optional(object, "system")
        let input = try optional(object, "input")
        var question = try filled(object, "instruction")
        if !input.isEmpty { question += "\n" + input }
        let answer = try filled(object, "output")
        var earlier: [(String, String)] = []
        if let history = object["history"], !history.isNull {
            guard let pairs = history.array else {
                throw .wrongKind(field: "history", found: history.kind)
            }
            for pair in pairs {
                guard let texts = pair.array, texts.count == 2, let asked = texts[0].string,
                    let answered = texts[1].string
                else { throw .wrongKind(field: "history", found: pair.kind) }
                earlier.append((asked, answered))
            }
        }
        guard options.template == nil else {
            var turns = system.isEmpty ? [] : [Conversation.Turn("system", system)]
            for (asked, answered) in earlier {
                turns += [.init("user", asked), .init("assistant", answered)]
            }
            turns += [.init("user", question), .init("assistant", answer)]
            return try Conversation.parts(turns, options)
        }
        var prompt = system.isEmpty ? "" : system + "\n"
        for (asked, answered) in earlier { prompt += asked + "\n" + answered + "\n" }
        return [(prompt + question + "\n", answer)]
    }

    static func text(
        _ object: JSONObject,
        _ field: String
    ) throws(SkippedRow.Reason) -> String {
        guard let value = object[field] else { throw .missingField(field) }
        guard let text = value.string else { throw .wrongKind(field: field, found: value.kind) }
        return text
    }

    static func filled(
        _ object: JSONObject,
        _ field: String
    ) throws(SkippedRow.Reason) -> String {
        let text = try text(object, field)
        guard text.utf8.contains(where: { !isSpace($0) }) else { throw .emptyField(field) }
        return text
    }

    private static func optional(
        _ object: JSONObject,
        _ field: String
    ) throws(SkippedRow.Reason) -> String {
        guard let value = object[field], value != .null else { return "" }
        return try text(object, field)
    }
}
