package import Jobs
package import LanguageModel

package enum FactoryError: Error, Equatable {
    case job(JobFailure)
    case model(ModelError)
    /// The caller's progress report asked to stop.
    case stopped
    case outputExists(path: String)
    case cannotWrite(path: String, reason: String)
    case cannotRead(path: String)
    case tooLarge(path: String, limit: Int)
    /// No record has a target within the recipe's token limit.
    case noUsableRecords(records: Int)
}

extension FactoryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .job(let failure): "the run failed: \(failure)"
        case .model(let error): "the model failed: \(error)"
        case .stopped: "the run was stopped"
        case .outputExists(let path): "\(path) exists already; remove it or choose another folder"
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        case .cannotRead(let path): "cannot read \(path)"
        case .tooLarge(let path, let limit): "\(path) has more than \(limit) bytes"
        case .noUsableRecords(let records):
            "none of the \(records) records has an answer within the recipe's token limit"
        }
    }
}
