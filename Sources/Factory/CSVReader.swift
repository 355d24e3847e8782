// Comma-separated values (RFC 4180), one row at a time: quoted fields, doubled quotes, line breaks
// inside quotes; LF as well as CRLF.

struct CSVReader {
    enum Failure: Error, Equatable {
        /// A quote opened on the line is not closed before the end.
        case unclosedQuote(line: Int)
        /// Something follows a closing quote, or a quote stands inside a field that has none.
        case strayQuote(line: Int)
    }

    struct Row: Equatable {
        /// Where the row starts, counted from 1.
        let line: Int
        let fields: [[UInt8]]

        /// A line with nothing on it.
        var isBlank: Bool { fields.count == 1 && fields[0].isEmpty }
    }

    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var line = 1

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    /// The next row, or nil at the end. After a failure the reader stands behind the broken line.
    mutating func next() throws(Failure) -> Row? {
        guard place < bytes.endIndex else { return nil }
        let start = line
        var fields: [[UInt8]] = []
        while true {
            fields.append(try field(rowLine: start))
            guard place < bytes.endIndex else { break }
            let separator = bytes[place]
            place += 1
            if separator == 0x2c { continue }
            line += 1
            if separator == 0x0d, place < bytes.endIndex, bytes[place] == 0x0a { place += 1 }
            break
        }
        return Row(line: start, fields: fields)
    }

    /// One field; afterwards `place` is at a comma, a line's end or the end.
    private mutating func field(rowLine: Int) throws(Failure) -> [UInt8] {
        if place < bytes.endIndex, bytes[place] == 0x22 { return try quoted(rowLine: rowLine) }
        let start = place
        while place < bytes.endIndex, !Self.isEnd(bytes[place]) {
            if bytes[place] == 0x22 {
                skipLine()
                throw .strayQuote(line: rowLine)
            }
            place += 1
        }
        return Array(bytes[start..<place])
    }

    private mutating func quoted(rowLine: Int) throws(Failure) -> [UInt8] {
        var value: [UInt8] = []
        place += 1
        while place < bytes.endIndex {
            let byte = bytes[place]
            place += 1
            if byte != 0x22 {
                if byte == 0x0a { line += 1 }
                value.append(byte)
            } else if place < bytes.endIndex, bytes[place] == 0x22 {
                value.append(0x22)
                place += 1
            } else {
                guard place == bytes.endIndex || Self.isEnd(bytes[place]) else {
                    skipLine()
                    throw .strayQuote(line: rowLine)
                }
                return value
            }
        }
        throw .unclosedQuote(line: rowLine)
    }

    private mutating func skipLine() {
        while place < bytes.endIndex {
            place += 1
            if bytes[place - 1] == 0x0a { break }
        }
        line += 1
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == 0x2c || byte == 0x0a || byte == 0x0d
    }
}
