package import Ledger

extension Refusal {
    /// The reason as words: `insufficientBalance` becomes "refused: insufficient balance".
    package var sentence: String {
        var words = ""
        for scalar in reason.unicodeScalars {
            if scalar.properties.isUppercase {
                words += " " + scalar.properties.lowercaseMapping
            } else {
                words.unicodeScalars.append(scalar)
            }
        }
        return "the chain refuses the transaction: " + words
    }
}
