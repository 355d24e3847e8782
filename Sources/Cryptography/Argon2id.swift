// Keys from passwords: Argon2id version 1.3 (RFC 9106), one lane.

import CSodium

package enum Argon2id {
    /// How much a guess costs. A key file carries these, so the limits bound what a stranger's file
    /// can make us do.
    package struct Cost: Sendable, Equatable {
        package static let standard = Cost(uncheckedMemoryBytes: 64 << 20, passes: 3)
        package static let memoryRange = 8 << 10...1 << 30
        package static let passesRange = 1...64

        package let memoryBytes: Int
        package let passes: Int

        package init(memoryBytes: Int, passes: Int) throws(Failure) {
            guard Self.memoryRange.contains(memoryBytes) else {
                throw .memoryOutOfRange(memoryBytes)
            }
            guard Self.passesRange.contains(passes) else { throw .passesOutOfRange(passes) }
            self.init(uncheckedMemoryBytes: memoryBytes, passes: passes)
        }

        private init(uncheckedMemoryBytes: Int, passes: Int) {
            memoryBytes = uncheckedMemoryBytes
            self.passes = passes
        }
    }

    package enum Failure: Error, Equatable {
        case memoryOutOfRange(Int)
        case passesOutOfRange(Int)
        case saltLength(Int)
        /// The system has not that much memory to give.
        case outOfMemory
    }

    package static let saltLength = 16

    package static func deriveKey(
        password: [UInt8],
        salt: [UInt8],
        cost: Cost
    ) throws(Failure) -> SymmetricKey {
        guard salt.count == saltLength else { throw .saltLength(salt.count) }
        let password = password.map { CChar(bitPattern: $0) }
        var status: Int32 = 0
        let key = unsafe SecretBytes(count: SymmetricKey.length) { key in
            status = unsafe crypto_pwhash(
                key,
                UInt64(SymmetricKey.length),
                password,
                UInt64(password.count),
                salt,
                UInt64(cost.passes),
                cost.memoryBytes,
                crypto_pwhash_ALG_ARGON2ID13
            )
        }
        guard status == 0 else { throw .outOfMemory }
        return SymmetricKey(key)
    }
}
