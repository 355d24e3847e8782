/// Float32 values as little-endian bytes: the canonical form of tensors in hashes and snapshots.
package enum FloatBytes {
    package static func encode(_ values: [Float]) -> [UInt8] {
        #if _endian(little)
            return unsafe values.withUnsafeBytes { unsafe Array($0) }
        #else
            #error("a byte swap is needed here")
        #endif
    }

    /// - Precondition: `bytes.count` is a multiple of 4.
    package static func decode(_ bytes: ArraySlice<UInt8>) -> [Float] {
        precondition(bytes.count.isMultiple(of: 4))
        return unsafe [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, initialized in
            unsafe UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
            initialized = bytes.count / 4
        }
    }
}
