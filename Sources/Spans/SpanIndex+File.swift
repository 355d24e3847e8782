// The form of a span index on disk, made once for a snapshot. All numbers are little-endian:
// "OLSPAN01", records (4 bytes), text bytes (4), record starts (4 each), the text, the order (4 each).

extension SpanIndex {
    private static let magic = Array("OLSPAN01".utf8)

    package var file: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(16 + 4 * starts.count + 5 * text.count)
        Self.append(Int32(starts.count), to: &bytes)
        Self.append(Int32(text.count), to: &bytes)
        for start in starts { Self.append(start, to: &bytes) }
        bytes += text
        for position in order { Self.append(position, to: &bytes) }
        return bytes
    }

    /// - Parameter bytes: a file of this node's own. Damage is noticed where it would lead out of
    ///   bounds; a whole text with another order is not.
    package init(file bytes: [UInt8]) throws(Failure) {
        guard bytes.count >= 16, Array(bytes[..<8]) == Self.magic else {
            throw .malformed("the file is no span index of this version")
        }
        let records = Int(Self.number(bytes, at: 8))
        let length = Int(Self.number(bytes, at: 12))
        guard (0...Self.maximumBytes).contains(length), (0...length).contains(records),
            bytes.count == 16 + 4 * records + 5 * length
        else { throw .malformed("the file's length does not fit its counts") }
        let starts = (0..<records).map { Self.number(bytes, at: 16 + 4 * $0) }
        let textStart = 16 + 4 * records
        let text = Array(bytes[textStart..<textStart + length])
        let order = (0..<length).map { Self.number(bytes, at: textStart + length + 4 * $0) }
        guard starts.first ?? 0 == 0, zip(starts, starts.dropFirst()).allSatisfy({ $0 < $1 }),
            starts.allSatisfy({ Int($0) < length }), records > 0 || length == 0
        else { throw .malformed("record starts are not ascending positions of the text") }
        guard order.allSatisfy({ $0 >= 0 && Int($0) < length }) else {
            throw .malformed("the order names a position outside the text")
        }
        self.init(text: text, starts: starts, order: order)
    }

    private static func append(_ number: Int32, to bytes: inout [UInt8]) {
        let pattern = UInt32(bitPattern: number)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
        }
    }

    private static func number(_ bytes: [UInt8], at offset: Int) -> Int32 {
        var pattern: UInt32 = 0
        for index in 0..<4 { pattern |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
        return Int32(bitPattern: pattern)
    }
}
