/// What is wrong with a configuration, with the place where it stands.
package enum ConfigurationError: Error, Equatable {
    case unreadable(file: String, detail: String)
    case malformed(file: String, line: Int, detail: String)
    case unknownKey(file: String, line: Int, key: String)
    case invalidValue(place: String, key: String, expected: String)
    case unknownSetting(String)
    case unknownVariable(String)
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let file, let detail): "cannot read \(file): \(detail)"
        case .malformed(let file, let line, let detail): "\(file), line \(line): \(detail)"
        case .unknownKey(let file, let line, let key):
            "\(file), line \(line): there is no setting \(key)"
        case .invalidValue(let place, let key, let expected): "\(place): \(key) must be \(expected)"
        case .unknownSetting(let name): "there is no setting \(name)"
        case .unknownVariable(let name):
            "the environment variable \(name) names no setting"
        }
    }
}
