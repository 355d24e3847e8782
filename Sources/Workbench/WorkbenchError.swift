/// Why a tool cannot begin: one sentence. What is wrong with a line of input is a `LineDefect`.
package enum WorkbenchError: Error, Equatable {
    /// A file or a folder that was named is absent, unreadable or malformed.
    case badFile(String)
    /// An option is out of its range, or does not fit the model.
    case badOption(String)
    /// The computation failed for a reason that no line is to blame for.
    case failed(String)
}

extension WorkbenchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badFile(let sentence), .badOption(let sentence), .failed(let sentence): sentence
        }
    }
}
