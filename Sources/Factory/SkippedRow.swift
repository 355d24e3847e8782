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
        /// The chat template's own words.
        case template(String)
        /// Of a CSV row.
        case columns(found: Int, expected: Int)
        case repeatedColumn
        case quote
        case notUTF8(field: String)
    }

    /// Counted from 1; in Parquet, the row.
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
        case .template(let reason): reason
        case .columns(let found, let expected):
            "the row has \(found) fields, and the first line \(expected)"
        case .repeatedColumn: "the first line names a column twice"
        case .quote: "the row's quotes are not closed, or something follows them"
        case .notUTF8(let field): "the field \"\(field)\" is not UTF-8"
        }
    }
}

extension SkippedRow.Reason {
    /// The kind of reason, for counting.
    var name: String {
        switch self {
        case .blank: "blank"
        case .invalidJSON: "invalid JSON"
        case .notAnObject: "no object"
        case .unknownShape: "unknown shape"
        case .missingField: "missing field"
        case .wrongKind: "wrong kind of field"
        case .emptyField: "empty field"
        case .unknownRole: "unknown role"
        case .noAnswer: "no answer"
        case .tooLong: "too long"
        case .overCount: "too many records"
        case .template: "refused by the chat template"
        case .columns, .repeatedColumn: "wrong columns"
        case .quote: "broken quotes"
        case .notUTF8: "not UTF-8"
        }
    }
}
