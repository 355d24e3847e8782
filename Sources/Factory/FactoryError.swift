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
    /// The base could not be put into NF4.
    case quantisation(String)
    /// The folder holds no run that could go on.
    case noRun(path: String)
    /// A file without which a run cannot go on is not whole.
    case damagedRun(path: String)
    /// A run began with another base model; both are named by the roots of their weights.
    case otherModel(expected: String, found: String)
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
        case .quantisation(let reason): "the base cannot be quantised: \(reason)"
        case .noRun(let path): "\(path) holds no run that could go on"
        case .damagedRun(let path): "\(path) is damaged; the run has to begin again"
        case .otherModel(let expected, let found):
            "the run began with a base model whose weights have the root \(expected); this one has \(found)"
        }
    }
}
