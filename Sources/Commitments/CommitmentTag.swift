// Domain tags of everything in this module that is hashed or signed.

import Cryptography

enum CommitmentTag {
    static let record = HashTag("openledger/record/v1")
    static let snapshotLeaf = HashTag("openledger/snapshot-leaf/v1")
    static let receiptBody = HashTag("openledger/receipt-body/v1")
    static let receipt = HashTag("openledger/receipt/v1")
    static let voucher = HashTag("openledger/voucher/v1")
    static let attribution = HashTag("openledger/query-attribution/v1")
    static let chunk = HashTag("openledger/chunk/v1")
    static let artifact = HashTag("openledger/artifact/v1")
    static let contribution = HashTag("openledger/contribution-commitment/v1")
    static let verdict = HashTag("openledger/verdict/v1")
}
