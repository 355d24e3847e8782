// One line of an influence index: what a record's gradient becomes when it is written down.

import Cryptography
package import Primitives

/// The fixed-point gradient of one record: for each LoRA tensor (a block) integers of 8 bits with
/// one power-of-two scale, as docs/numerics.md defines.
///
/// Invariants: `exponents.count` is the number of blocks, `values.count` the sum of their widths,
/// and no value is -128.
package struct InfluenceRow: Sendable, Equatable {
    package let exponents: [Int16]
    package let values: [Int8]

    package init(exponents: [Int16], values: [Int8]) {
        self.exponents = exponents
        self.values = values
    }

    /// The exponents, little-endian, then the values.
    package var bytes: [UInt8] {
        var writer = BorshWriter()
        for exponent in exponents { writer.write(UInt16(bitPattern: exponent)) }
        writer.writeRaw(values.map { UInt8(bitPattern: $0) })
        return writer.bytes
    }

    package var digest: Digest { taggedHash(HashTag("openledger/influence-row/v1"), bytes) }
}
