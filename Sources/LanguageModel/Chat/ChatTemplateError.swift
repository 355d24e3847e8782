/// Why a chat template cannot be read or rendered. Lines count from 1.
package enum ChatTemplateError: Error, Equatable {
    case tooLong(bytes: Int, limit: Int)
    case notUTF8
    /// `tokenizer_config.json` is no JSON.
    case configuration(String)
    case syntax(line: Int, reason: String)
    /// The template uses what this reader does not have.
    case unsupported(line: Int, name: String)
    /// The template itself refused the conversation, by `raise_exception`.
    case refused(line: Int, message: String)
    /// What Python would raise an error for.
    case failed(line: Int, reason: String)
    case overLimit(line: Int, what: String, limit: Int)
    /// A number of a message or a tool that a template cannot hold.
    case unreadableNumber
}

extension ChatTemplateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong(let bytes, let limit):
            "the chat template has \(bytes) bytes, more than the limit of \(limit)"
        case .notUTF8: "the chat template is not UTF-8"
        case .configuration(let reason): "tokenizer_config.json: \(reason)"
        case .syntax(let line, let reason): "chat template, line \(line): \(reason)"
        case .unsupported(let line, let name):
            "chat template, line \(line): \(name) is not supported"
        case .refused(let line, let message):
            "the chat template refuses the conversation (line \(line)): \(message)"
        case .failed(let line, let reason): "chat template, line \(line): \(reason)"
        case .overLimit(let line, let what, let limit):
            "chat template, line \(line): more than \(limit) \(what)"
        case .unreadableNumber: "a number of the conversation is too large for a chat template"
        }
    }
}
