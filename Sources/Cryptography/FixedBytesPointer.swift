import Primitives

extension FixedBytes {
    /// Bytes that a C function writes, all `count` of them.
    init(written write: (UnsafeMutablePointer<UInt8>) -> Void) {
        self.init(filling: { (span: inout MutableSpan<UInt8>) in
            unsafe span.withUnsafeMutableBufferPointer {
                if let base = $0.baseAddress { unsafe write(base) }
            }
        })
    }
}
