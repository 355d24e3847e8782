import Primitives

extension FixedBytes {
    /// Bytes that a C function writes, all `count` of them.
    init(written write: (UnsafeMutablePointer<UInt8>) -> Void) {
        self = .zero
        unsafe withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress {
                unsafe write(base.assumingMemoryBound(to: UInt8.self))
            }
        }
    }
}
