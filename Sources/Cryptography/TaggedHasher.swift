// The hash of the chain: BLAKE2b-256 (RFC 7693) over `tag ‖ bytes`, unkeyed.

import CSodium
package import Primitives

/// Hashes bytes that come in pieces. Equal to `taggedHash` over the pieces joined.
package struct TaggedHasher: Sendable {
    private var state = blake2b_state()

    package init(_ tag: HashTag) {
        Sodium.prepare()
        unsafe blake2b_begin(&state, Digest.byteCount)
        tag.text.withUTF8Buffer { unsafe update(UnsafeRawBufferPointer($0)) }
    }

    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    package mutating func update<let count: Int, Tag>(_ value: FixedBytes<count, Tag>) {
        unsafe value.withUnsafeBytes { unsafe update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe blake2b_add(&state, bytes.baseAddress, bytes.count)
    }

    /// More bytes may follow.
    package func finalize() -> Digest {
        var digest = blank
        unsafe digest.withUnsafeMutableBytes { output in
            unsafe withUnsafePointer(to: state) {
                unsafe blake2b_end($0, output.baseAddress, output.count)
            }
        }
        return digest
    }
}

package func taggedHash(_ tag: HashTag, _ bytes: [UInt8]) -> Digest {
    unsafe bytes.withUnsafeBytes { unsafe taggedHash(tag, $0) }
}

/// The hash of a value's canonical bytes.
package func taggedHash(_ tag: HashTag, of value: some BorshEncodable) -> Digest {
    taggedHash(tag, value.borshBytes)
}

package func taggedHash(_ tag: HashTag, _ digest: Digest) -> Digest {
    unsafe digest.withUnsafeBytes { unsafe taggedHash(tag, $0) }
}

/// The hash of two digests joined: the inner node of every tree.
package func taggedHash(_ tag: HashTag, _ left: Digest, _ right: Digest) -> Digest {
    unsafe left.withUnsafeBytes { left in
        unsafe right.withUnsafeBytes { unsafe taggedHash(tag, left, $0) }
    }
}

/// The hash of bytes that lie elsewhere, such as in a mapped file or a network buffer.
package func taggedHash(_ tag: HashTag, _ bytes: UnsafeRawBufferPointer) -> Digest {
    unsafe taggedHash(tag, bytes, UnsafeRawBufferPointer(start: nil, count: 0))
}

private func taggedHash(
    _ tag: HashTag,
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer
) -> Digest {
    Sodium.prepare()
    var digest = blank
    unsafe digest.withUnsafeMutableBytes { output in
        unsafe blake2b_joined(
            output.baseAddress,
            output.count,
            tag.text.utf8Start,
            tag.text.utf8CodeUnitCount,
            first.baseAddress,
            first.count,
            second.baseAddress,
            second.count
        )
    }
    return digest
}

/// Copied for each hash, because that costs much less than `Digest.zero`, a call into generic code.
private let blank = Digest.zero
