import Cryptography

/// Domain tags of everything in this module that is hashed or signed.
enum VotingTag {
    static let validatorSet = HashTag("openledger/validator-set/v1")
    static let vote = HashTag("openledger/vote/v1")
    static let proposal = HashTag("openledger/proposal/v1")
    static let evidence = HashTag("openledger/evidence/v1")
    static let certificate = HashTag("openledger/commit-certificate/v1")
}
