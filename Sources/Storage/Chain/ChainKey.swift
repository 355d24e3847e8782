import Primitives
import StateTree

/// Where everything of the chain is kept. Numbers are big-endian, so that ranges follow them.
enum ChainKey {
    // Family `meta`.
    static let identity = Array("identity".utf8)
    static let tip = Array("tip".utf8)
    /// The oldest version whose tree is whole.
    static let earliestVersion = Array("earliest".utf8)
    /// The oldest block that is kept; absent where that is the first of the chain.
    static let earliestBlock = Array("earliestBlock".utf8)

    /// The header that the chain begins with here, where it begins with a snapshot.
    static let base = Array("base".utf8)

    // Family `blocks`, told apart by the first byte.
    static func block(_ height: Height) -> [UInt8] { [0x62] + bigEndian(height.value) }
    static func receipts(_ height: Height) -> [UInt8] { [0x72] + bigEndian(height.value) }
    static func hash(_ hash: Digest) -> [UInt8] { [0x68] + hash.bytes }
    /// The validator set from this height on, until a later entry.
    static func validators(from height: Height) -> [UInt8] {
        validatorsPrefix + bigEndian(height.value)
    }
    static let validatorsPrefix: [UInt8] = [0x76]

    // Family `events`.
    static let eventPrefix: [UInt8] = [0x65]
    static func event(_ height: Height, _ index: UInt32) -> [UInt8] {
        eventPrefix + bigEndian(height.value) + bigEndian(index)
    }
    static func events(at height: Height) -> [UInt8] { eventPrefix + bigEndian(height.value) }
    static func subject(_ subject: Digest) -> [UInt8] { [0x73] + subject.bytes }
    static func event(of subject: Digest, _ height: Height, _ index: UInt32) -> [UInt8] {
        Self.subject(subject) + bigEndian(height.value) + bigEndian(index)
    }

    // Family `stale`.
    static func stale(since version: UInt64, _ node: NodeKey) -> [UInt8] {
        bigEndian(version) + node.borshBytes
    }

    // Family `consensus`.
    static func log(_ height: Height, _ sequence: UInt64) -> [UInt8] {
        bigEndian(height.value) + bigEndian(sequence)
    }

    static func bigEndian(_ value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: value >> $0)
        }
    }

    /// The big-endian number at the start of `bytes`; nil when there are too few.
    static func number(_ bytes: some Collection<UInt8>, count: Int = 8) -> UInt64? {
        guard bytes.count >= count else { return nil }
        return bytes.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
