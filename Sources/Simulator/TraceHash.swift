import Cryptography
import Primitives
import Replica

/// Chains everything that happens into one hash, so that two runs can be compared by it.
struct TraceHash {
    private static let tag = HashTag("openledger/simulation-trace/v1")
    private var hasher = TaggedHasher(tag)

    var digest: Digest { hasher.finalize() }

    mutating func note(_ time: UInt64, _ node: Int, _ message: ReplicaMessage) {
        var writer = BorshWriter()
        writer.write(time)
        writer.write(UInt8(node))
        switch message {
        // A block's hash stands for its bytes.
        case .proposal(let signed, _): writer.write(signed)
        case .block(let certified): writer.write(certified.certificate)
        default: writer.write(message)
        }
        hasher.update(writer.bytes)
    }

    mutating func note(_ time: UInt64, _ node: Int, _ what: UInt8, _ digest: Digest) {
        var writer = BorshWriter()
        writer.write(time)
        writer.write(UInt8(node))
        writer.write(what)
        writer.write(digest)
        hasher.update(writer.bytes)
    }
}
