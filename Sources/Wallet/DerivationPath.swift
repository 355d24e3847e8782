/// The way from a wallet's seed to one key, such as `m/44'/1'/0'/0'`. Ed25519 knows hardened steps
/// only (SLIP-0010), so every index carries its mark.
package struct DerivationPath: Sendable, Equatable {
    package enum Failure: Error, Equatable {
        /// Does not begin with `m`.
        case noRoot
        /// The step at this place, counted from 1, is not a number below 2^31 followed by `'`.
        case badStep(Int)
        case tooLong(Int)
    }

    package static let lengthLimit = 10
    /// The coin of every test network (SLIP-0044).
    package static let testCoin: UInt32 = 1

    /// Indices without the hardening bit.
    package let indices: [UInt32]

    /// The key of one account: `m/44'/coin'/account'/0'`.
    /// - Precondition: both numbers are below 2^31.
    package static func account(_ account: UInt32, coin: UInt32) -> DerivationPath {
        precondition(account < 1 << 31 && coin < 1 << 31)
        return DerivationPath(checked: [44, coin, account, 0])
    }

    package init(_ text: String) throws(Failure) {
        let steps = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let root = steps.first, root.elementsEqual("m".utf8) else { throw .noRoot }
        guard steps.count <= Self.lengthLimit + 1 else { throw .tooLong(steps.count - 1) }
        var indices: [UInt32] = []
        for (place, step) in steps.enumerated().dropFirst() {
            let digits = step.dropLast()
            guard step.last == UInt8(ascii: "'"), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let index = UInt32(String(decoding: digits, as: UTF8.self)), index < 1 << 31
            else { throw .badStep(place) }
            indices.append(index)
        }
        self.init(checked: indices)
    }

    private init(checked indices: [UInt32]) { self.indices = indices }
}

extension DerivationPath: CustomStringConvertible {
    package var description: String {
        (["m"] + indices.map { "\($0)'" }).joined(separator: "/")
    }
}
