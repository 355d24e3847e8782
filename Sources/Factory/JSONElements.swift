// The elements of a JSON array one at a time, so that a file of many rows is never one tree, and a
// broken row does not hide the others.

struct JSONElements {
    struct Element {
        let line: Int
        let bytes: ArraySlice<UInt8>
    }

    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var line: Int
    /// Whether the closing bracket has been seen; false at the end means a file that is cut off.
    private(set) var isClosed = false

    /// - Precondition: the first byte after white space is `[`.
    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        line = 1
        place = bytes.startIndex
        skipSpace()
        place += 1
    }

    /// The text between two commas of the outermost level, or nil at the end.
    mutating func next() -> Element? {
        skipSpace()
        guard !isClosed, place < bytes.endIndex else { return nil }
        if bytes[place] == 0x5d {
            isClosed = true
            return nil
        }
        let start = place
        let startLine = line
        var depth = 0
        var isText = false
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == 0x0a { line += 1 }
            if isText {
                if byte == 0x5c { place += 1 } else if byte == 0x22 { isText = false }
            } else {
                switch byte {
                case 0x22: isText = true
                case 0x5b, 0x7b: depth += 1
                case 0x5d where depth == 0:
                    isClosed = true
                    return finish(start, startLine)
                case 0x5d, 0x7d: depth = max(0, depth - 1)
                case 0x2c where depth == 0: return finish(start, startLine)
                default: break
                }
            }
            place += 1
        }
        place = bytes.endIndex
        return Element(line: startLine, bytes: bytes[start...])
    }

    private mutating func finish(_ start: Int, _ line: Int) -> Element {
        let element = Element(line: line, bytes: bytes[start..<place])
        place += 1
        return element
    }

    private mutating func skipSpace() {
        while place < bytes.endIndex, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[place]) {
            if bytes[place] == 0x0a { line += 1 }
            place += 1
        }
    }
}
