/// Lines of a stream that arrives in pieces. A line is given as soon as its end has arrived, so a
/// program may ask and wait for the answer over a pipe.
package struct LineReader {
    package enum Line: Sendable, Equatable {
        /// Without the line break, and without a carriage return before it.
        case bytes([UInt8])
        /// Over the limit; its bytes are gone.
        case tooLong
    }

    package static let byteLimit = 16 << 20

    private let limit: Int
    private let more: () throws -> [UInt8]
    private var buffer: [UInt8] = []
    private var start = 0
    private var isTooLong = false
    private var hasEnded = false

    /// - Parameter more: the next bytes, waiting for them; none at the end.
    package init(limit: Int = byteLimit, more: @escaping () throws -> [UInt8]) {
        self.limit = limit
        self.more = more
    }

    /// The next line; nil at the end. A last line without a line break counts.
    package mutating func next() throws -> Line? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0a) {
                let line = take(buffer[start..<end])
                start = end + 1
                return line
            }
            if buffer.count - start > limit {
                isTooLong = true
                buffer = []
                start = 0
            }
            if start > 0 {
                buffer.removeFirst(start)
                start = 0
            }
            searched = buffer.count
            guard !hasEnded else { return last() }
            let bytes = try more()
            if bytes.isEmpty { hasEnded = true } else { buffer += bytes }
        }
    }

    private mutating func last() -> Line? {
        guard isTooLong || !buffer.isEmpty else { return nil }
        let line = take(buffer[...])
        buffer = []
        return line
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) -> Line {
        defer { isTooLong = false }
        guard !isTooLong, bytes.count <= limit else { return .tooLong }
        return .bytes(Array(bytes.last == 0x0d ? bytes.dropLast() : bytes))
    }
}
