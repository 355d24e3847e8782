// Conversations of a dataset, and the prompts and completions that they become.

import JSON
import LanguageModel

enum Conversation {
    struct Turn {
        let role: String
        let content: String
        /// False for an answer that OpenAI's format excludes by `"weight": 0`.
        let isTrained: Bool

        init(_ role: String, _ content: String, isTrained: Bool = true) {
            self.role = role
            self.content = content
            self.isTrained = isTrained
        }

        var json: JSON { ["role": .string(role), "content": .string(content)] }
    }

    /// Turns of OpenAI's (`role`, `content`) or ShareGPT's (`from`, `value`) names.
    static func turns(
        _ object: JSONObject,
        _ field: String
    ) throws(SkippedRow.Reason) -> [Turn] {
        guard let value = object[field], let items = value.array else {
            throw .wrongKind(field: field, found: object[field]?.kind ?? "absent")
        }
        var turns: [Turn] = []
        for item in items {
            guard let turn = item.object else { throw .wrongKind(field: field, found: item.kind) }
            let isShareGPT = turn["role"] == nil && turn["from"] != nil
            let role = try role(DatasetRow.text(turn, isShareGPT ? "from" : "role"))
            let content = try content(turn, isShareGPT ? "value" : "content")
            turns.append(Turn(role, content, isTrained: turn["weight"] != 0))
        }
        return turns
    }

    /// A text, or text parts, which are joined.
    private static func content(
        _ turn: JSONObject,
        _ field: String
    ) throws(SkippedRow.Reason) -> String {
        guard let parts = turn[field]?.array else { return try DatasetRow.filled(turn, field) }
        var text = ""
        for part in parts {
            guard part["type"] == "text", let piece = part["text"]?.string else {
                throw .wrongKind(field: field, found: "a part that is no text")
            }
            text += piece
        }
        guard text.utf8.contains(where: { !DatasetRow.isSpace($0) }) else {
            throw .emptyField(field)
        }
        return text
    }

    private static func role(_ name: String) throws(SkippedRow.Reason) -> String {
        switch name {
        case "system", "user", "assistant": return name
        case "human": return "user"
        case "gpt", "chatgpt", "model", "bot": return "assistant"
        default: throw .unknownRole(name)
        }
    }

    static func parts(
        _ turns: [Turn],
        _ options: DatasetOptions
    ) throws(SkippedRow.Reason) -> [DatasetRow.Part] {
        guard turns.last?.role == "assistant" else { throw .noAnswer }
        var answers = turns.indices.filter { turns[$0].role == "assistant" }
        if case .last = options.answers { answers = answers.suffix(1) }
        answers.removeAll { !turns[$0].isTrained }
        guard !answers.isEmpty else { throw .noAnswer }
        var parts: [DatasetRow.Part] = []
        for place in answers {
            if let template = options.template {
                parts.append(try part(turns, place, template, options.endOfAnswer))
            } else {
                let prompt = ChatML.prompt(turns[..<place].map { ($0.role, $0.content) })
                parts.append((prompt, turns[place].content))
            }
        }
        return parts
    }

    /// The prompt as the template asks for an answer, and what the template makes of the answer up
    /// to the model's end token, which every record gets of itself.
    private static func part(
        _ turns: [Turn],
        _ place: Int,
        _ template: ChatTemplate,
        _ end: String
    ) throws(SkippedRow.Reason) -> DatasetRow.Part {
        let messages = turns.map(\.json)
        let prompt: [UInt8]
        let whole: [UInt8]
        do {
            prompt = try template.rendered(
                messages: Array(messages[..<place]),
                addGenerationPrompt: true
            ).text
            whole = try template.rendered(messages: Array(messages[...place])).text
        } catch {
            throw .template(error.description)
        }
        var answer = Array(turns[place].content.utf8)[...]
        if whole.starts(with: prompt) {
            answer = whole[prompt.count...]
            let mark = Array(end.utf8)
            if !mark.isEmpty,
                let start = answer.indices.last(where: { answer[$0...].starts(with: mark) })
            {
                answer = answer[..<start]
            }
        }
        guard answer.contains(where: { !DatasetRow.isSpace($0) }) else { throw .noAnswer }
        return (String(decoding: prompt, as: UTF8.self), String(decoding: answer, as: UTF8.self))
    }
}
