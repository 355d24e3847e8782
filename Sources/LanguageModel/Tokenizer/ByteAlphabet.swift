// Byte-level BPE writes every byte as one printable character (Radford et al. 2019): `!`–`~`,
// `¡`–`¬` and `®`–`ÿ` stand for themselves, the other 68 bytes are U+0100 onwards in order.

enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt8 = 0
        var scalars: [Unicode.Scalar] = []
        for byte in UInt8.min...UInt8.max {
            if (0x21...0x7e).contains(byte) || (0xa1...0xac).contains(byte) || byte >= 0xae {
                scalars.append(Unicode.Scalar(byte))
            } else {
                // U+0100 to U+0143; the default is never reached.
                scalars.append(Unicode.Scalar(0x100 + UInt32(next)) ?? " ")
                next += 1
            }
        }
        return scalars
    }()

    /// The UTF-8 of each byte's scalar.
    static let encodings: [[UInt8]] = scalars.map { Array(String($0).utf8) }

    /// The byte of each scalar below U+0144 that stands for one.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
        return bytes
    }()

    /// The bytes that a token stands for; a token with any character outside the alphabet stands
    /// for its own UTF-8, as in the reference decoder.
    static func decode(_ token: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(token.count)
        for scalar in String(decoding: token, as: UTF8.self).unicodeScalars {
            guard scalar.value < 0x144, let byte = bytes[Int(scalar.value)] else { return token }
            result.append(byte)
        }
        return result
    }

    static func encode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.flatMap { encodings[Int($0)] }
    }
}
