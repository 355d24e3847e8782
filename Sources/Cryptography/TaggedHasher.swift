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

    package mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    package mutating func update<let count: Int, Tag>(_ value: FixedBytes<count, Tag>) {
        value.withSpan { update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe blake2b_add(&state, bytes.baseAddress, bytes.count)
    }

    /// More bytes may follow.
    package func finalize() -> Digest {
        Digest(filling: { (output: inout MutableSpan<UInt8>) in
            unsafe output.withUnsafeMutableBytes { output in
                unsafe withUnsafePointer(to: state) {
                    unsafe blake2b_end($0, output.baseAddress, output.count)
                }
            }
        })
    }
}

package func taggedHash(_ tag: HashTag, _ bytes: [UInt8]) -> Digest {
    taggedHash(tag, bytes.span)
}

/// The hash of a value's canonical bytes.
package func taggedHash(_ tag: HashTag, of value: some BorshEncodable) -> Digest {
    taggedHash(tag, value.borshBytes)
}

/// The hash of two pieces joined; copies nothing.
package func taggedHash(
    _ tag: HashTag,
    _ first: Span<UInt8>,
    _ second: Span<UInt8> = Span()
) -> Digest {
    Sodium.prepare()
    return Digest(filling: { (output: inout MutableSpan<UInt8>) in
        unsafe output.withUnsafeMutableBytes { output in
            unsafe first.withUnsafeBytes { first in
                unsafe second.withUnsafeBytes { second in
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
            }
        }
    })
}
