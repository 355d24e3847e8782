// The chain's public randomness: beacon(h) = H(beacon(h-1) ‖ output of the proposer's ECVRF).

import Cryptography
package import Primitives

package enum Beacon {
    /// What the proposer of the next block proves its VRF over.
    package static func alpha(previous: Digest) -> [UInt8] { previous.bytes }

    /// - Parameter output: the 64 bytes of RFC 9381's proof_to_hash.
    package static func next(previous: Digest, output: [UInt8]) -> Digest {
        taggedHash(LedgerTag.beacon, previous.bytes + output)
    }
}
