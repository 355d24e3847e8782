/// A row of a dataset file that did not become a record, and why.
package struct SkippedRow: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
        case blank
        /// The parser's own words.
        case invalidJSON(String)
        /// What the row is instead.
        case notAnObject(String)
        case unknownShape(keys: [String])
        case missingField(String)
        /// The field and what it is instead of a string.
        case wrongKind(field: String, found: String)
        case emptyField(String)
        case unknownRole(String)
        case noAnswer
        case tooLong(bytes: Int, limit: Int)
        case overCount(limit: Int)
    }

    /// Counted from 1.
    package let line: Int
    package let reason: Reason
}

extension SkippedRow: CustomStringConvertible {
    package var description: String { "line \(line): \(reason)" }
}

extension SkippedRow.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .blank: "the row is blank"
        case .invalidJSON(let detail): "the row is not valid JSON: \(detail)"
        case .notAnObject(let kind): "the row is \(kind) instead of an object"
        case .unknownShape(let keys):
            "the row has none of the known shapes; its fields are \(keys.joined(separator: ", "))"
        case .missingField(let field): "the field \"\(field)\" is missing"
        case .wrongKind(let field, let found):
            "the field \"\(field)\" is \(found) instead of a string"
        case .emptyField(let field): "the field \"\(field)\" is empty"
        case .unknownRole(let role): "the role \"\(role)\" is none of system, user and assistant"
        case .noAnswer: "the conversation does not end with an answer of the assistant"
        case .tooLong(let bytes, let limit):
            "the record has \(bytes) bytes, more than the limit of \(limit)"
        case .overCount(let limit): "the file has more than \(limit) records"
        }
    }
}
