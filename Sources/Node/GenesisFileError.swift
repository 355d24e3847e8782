import JSON

/// What is wrong with a genesis document.
package enum GenesisFileError: Error, Equatable {
    case notJSON(String)
    case missing(String)
    case unknown(String)
    case wrongKind(String, expected: String)
    case invalidParameters(String)
    case duplicateBalance(String)
    case noValidators
    case wrongSupply(found: String, expected: String)
}

extension GenesisFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notJSON(let detail): "the genesis document is no JSON: \(detail)"
        case .missing(let place): "the genesis document lacks \(place)"
        case .unknown(let place): "the genesis document has a member \(place) that means nothing"
        case .wrongKind(let place, let expected):
            "in the genesis document \(place.isEmpty ? "the whole" : place) must be \(expected)"
        case .invalidParameters(let fault): "the genesis parameters are impossible: \(fault)"
        case .duplicateBalance(let address): "the genesis document lists \(address) twice"
        case .noValidators: "the genesis document has no validators"
        case .wrongSupply(let found, let expected):
            "the genesis document gives out \(found), and the supply is \(expected)"
        }
    }
}
