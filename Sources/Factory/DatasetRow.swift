// The shapes of rows: prompt/completion; instruction/input/output (Alpaca); messages (OpenAI);
// conversations (ShareGPT); text. The first whose main field is present decides.

import Commitments
import JSON

enum DatasetRow {
    /// JSON of a row that could give a record of the longest size; escapes take up to six bytes.
    private static let rowByteLimit = 6 * DataRecord.byteLimit + 4096

    static func record(_ row: [UInt8]) throws(SkippedRow.Reason) -> DataRecord {
        guard row.contains(where: { !isSpace($0) }) else { throw .blank }
        guard row.count <= rowByteLimit else {
            throw .tooLong(bytes: row.count, limit: DataRecord.byteLimit)
        }
        let value: JSON
        do {
            value = try JSON.parse(row, depthLimit: 16)
        } catch {
            throw .invalidJSON(error.description)
        }
        guard let object = value.object else { throw .notAnObject(value.kind) }
        let (prompt, completion) = try parts(object)
        let bytes = prompt.utf8.count + completion.utf8.count
        guard bytes <= DataRecord.byteLimit else {
            throw .tooLong(bytes: bytes, limit: DataRecord.byteLimit)
        }
        return DataRecord(prompt: Array(prompt.utf8), completion: Array(completion.utf8))
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    private static func parts(
        _ object: JSONObject
    ) throws(SkippedRow.Reason) -> (prompt: String, completion: String) {
        if object["prompt"] != nil || object["completion"] != nil {
            return (try text(object, "prompt"), try filled(object, "completion"))
        }
        if object["instruction"] != nil {
            let input = try optional(object, "input")
            var prompt = try filled(object, "instruction")
            if !input.isEmpty { prompt += "\n" + input }
            return (prompt + "\n", try filled(object, "output"))
        }
        if object["messages"] != nil {
            return try conversation(object, "messages", role: "role", content: "content")
        }
        if object["conversations"] != nil {
            return try conversation(object, "conversations", role: "from", content: "value")
        }
        if object["text"] != nil { return ("", try filled(object, "text")) }
        throw .unknownShape(keys: Array(object.keys.prefix(8)))
    }

    private static func text(
        _ object: JSONObject,
        _ field: String
    ) throws(SkippedRow.Reason) -> String {
        guard let value = object[field] else { throw .missingField(field) }
        guard let text = value.string else { throw .wrongKind(field: field, found: value.kind) }
        return text
    }

    private static func filled(
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

    /// The last answer is the completion; what precedes it is the prompt, in ChatML.
    private static func conversation(
        _ object: JSONObject,
        _ field: String,
        role roleField: String,
        content contentField: String
    ) throws(SkippedRow.Reason) -> (prompt: String, completion: String) {
        guard let value = object[field], let turns = value.array else {
            throw .wrongKind(field: field, found: object[field]?.kind ?? "absent")
        }
        var prompt = ""
        var answer: String?
        for turn in turns {
            guard let turn = turn.object else { throw .wrongKind(field: field, found: turn.kind) }
            let role = try self.role(text(turn, roleField))
            let content = try filled(turn, contentField)
            if let previous = answer { prompt += previous + "<|im_end|>\n" }
            prompt += "<|im_start|>\(role)\n"
            if role == "assistant" {
                answer = content
            } else {
                prompt += content + "<|im_end|>\n"
                answer = nil
            }
        }
        guard let answer else { throw .noAnswer }
        return (prompt, answer)
    }

    private static func role(_ name: String) throws(SkippedRow.Reason) -> String {
        switch name {
        case "system", "user", "assistant": return name
        case "human": return "user"
        case "gpt": return "assistant"
        default: throw .unknownRole(name)
        }
    }
}
