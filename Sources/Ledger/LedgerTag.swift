// Domain tags of everything in this module that is hashed or signed.

import Cryptography

enum LedgerTag {
    static let transaction = HashTag("openledger/tx/v1")
    static let transactionSignature = HashTag("openledger/tx-signature/v1")
    static let header = HashTag("openledger/header/v1")
    static let genesis = HashTag("openledger/genesis/v1")
    static let beacon = HashTag("openledger/beacon/v1")
    static let hotKeyProof = HashTag("openledger/hot-key-proof/v1")
    static let committee = HashTag("openledger/committee/v1")
    static let sample = HashTag("openledger/sample/v1")
    static let stream = HashTag("openledger/stream/v1")
}
