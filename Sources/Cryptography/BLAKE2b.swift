// BLAKE2b-512 (RFC 7693) with HMAC (RFC 2104) and HKDF, as Noise names them (revision 34, sections
// 4.3 and 12.8). The chain itself hashes with `taggedHash`.

import CSodium

package enum BLAKE2b {
    package static let length = 64
    private static let blockLength = 128

    /// The 64 bytes.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] { joined(bytes, []) }

    /// HMAC with a key of at most one block, as all of Noise's are.
    /// - Precondition: the key has at most 128 bytes.
    package static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        precondition(key.count <= blockLength)
        let padded = key + [UInt8](repeating: 0, count: blockLength - key.count)
        let inner = joined(padded.map { $0 ^ 0x36 }, message)
        return joined(padded.map { $0 ^ 0x5c }, inner)
    }

    /// Noise's HKDF: `count` outputs of 64 bytes each.
    /// - Precondition: `count` is 2 or 3, and the chaining key has at most 128 bytes.
    package static func derive(
        chainingKey: [UInt8],
        _ material: [UInt8],
        count: Int
    ) -> [[UInt8]] {
        precondition((2...3).contains(count))
        let temporary = authenticate(material, key: chainingKey)
        var outputs: [[UInt8]] = []
        for index in 1...count {
            let previous = outputs.last ?? []
            outputs.append(authenticate(previous + [UInt8(index)], key: temporary))
        }
        return outputs
    }

    private static func joined(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        Sodium.prepare()
        var output = [UInt8](repeating: 0, count: length)
        unsafe blake2b_joined(
            &output,
            length,
            first,
            first.count,
            second,
            second.count,
            nil,
            0
        )
        return output
    }
}
