// The primitive reads of GGUF: little-endian, each length checked before memory is taken.

package enum GGUFError: Error, Equatable {
    case truncated(offset: Int, needed: UInt64)
    case notGGUF
    case unsupportedVersion(UInt32)
    /// A count or a length over its limit; `field` says which.
    case overLimit(field: String, found: UInt64, limit: Int)
    case invalidKey(TensorName)
    case duplicateKey(TensorName)
    case duplicateTensor(TensorName)
    case unknownValueType(TensorName, UInt32)
    case invalidBool(TensorName, UInt8)
    case nestedArray(TensorName)
    case unknownTensorType(TensorName, UInt32)
    case invalidAlignment(UInt64)
    case shapeTooLarge(TensorName)
    /// The innermost dimension is no whole number of blocks.
    case brokenRow(TensorName)
    case misplaced(TensorName, expected: Int, found: UInt64)
    case trailingBytes(Int)
    case missingKey(String)
    case wrongKind(String)
    case missingTensor(TensorName)
    case notFinite(TensorName, index: Int)
}

/// A metadata value; integers of any width are widened.
package enum GGUFValue: Sendable, Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case real(Double)
    case bool(Bool)
    case string([UInt8])
    case integers([Int64])
    case reals([Double])
    case bools([Bool])
    case strings([[UInt8]])
}

struct GGUFReader {
    static let stringLimit = 1 << 20
    static let arrayLimit = 1 << 21

    let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func take(_ count: Int) throws(GGUFError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - offset else {
            throw .truncated(offset: offset, needed: UInt64(count))
        }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(GGUFError) -> Value {
        var value: Value = 0
        var shift = 0
        for byte in try take(Value.bitWidth / 8) {
            value |= Value(truncatingIfNeeded: byte) << shift
            shift += 8
        }
        return value
    }

    /// A 64-bit count that may not exceed `limit`.
    mutating func count(_ field: String, limit: Int) throws(GGUFError) -> Int {
        let found = try integer(UInt64.self)
        guard found <= UInt64(limit) else {
            throw .overLimit(field: field, found: found, limit: limit)
        }
        return Int(found)
    }

    mutating func string(_ field: String, limit: Int) throws(GGUFError) -> [UInt8] {
        Array(try take(try count(field, limit: limit)))
    }

    mutating func value(of key: TensorName) throws(GGUFError) -> GGUFValue {
        let type = try integer(UInt32.self)
        switch type {
        case 0, 2, 4, 10: return .unsigned(UInt64(bitPattern: try scalar(type)))
        case 1, 3, 5, 11: return .signed(try scalar(type))
        case 6, 12: return .real(try real(type))
        case 7: return .bool(try bool(key))
        case 8: return .string(try string("\(key)", limit: Self.stringLimit))
        case 9: return try array(of: key)
        default: throw .unknownValueType(key, type)
        }
    }

    private mutating func array(of key: TensorName) throws(GGUFError) -> GGUFValue {
        let type = try integer(UInt32.self)
        let count = try count("\(key)", limit: Self.arrayLimit)
        // The shortest element takes one byte, so memory grows with the bytes really present.
        guard count <= bytes.count - offset else {
            throw .truncated(offset: offset, needed: UInt64(count))
        }
        switch type {
        case 0...5, 10, 11:
            var values: [Int64] = []
            for _ in 0..<count { values.append(try scalar(type)) }
            return .integers(values)
        case 6, 12:
            var values: [Double] = []
            for _ in 0..<count { values.append(try real(type)) }
            return .reals(values)
        case 7:
            var values: [Bool] = []
            for _ in 0..<count { values.append(try bool(key)) }
            return .bools(values)
        case 8:
            var values: [[UInt8]] = []
            for _ in 0..<count { values.append(try string("\(key)", limit: Self.stringLimit)) }
            return .strings(values)
        case 9: throw .nestedArray(key)
        default: throw .unknownValueType(key, type)
        }
    }

    /// An integer of one of the ten integer types; unsigned 64-bit keeps its bits.
    private mutating func scalar(_ type: UInt32) throws(GGUFError) -> Int64 {
        switch type {
        case 0: Int64(try integer(UInt8.self))
        case 1: Int64(try integer(Int8.self))
        case 2: Int64(try integer(UInt16.self))
        case 3: Int64(try integer(Int16.self))
        case 4: Int64(try integer(UInt32.self))
        case 5: Int64(try integer(Int32.self))
        default: try integer(Int64.self)
        }
    }

    private mutating func real(_ type: UInt32) throws(GGUFError) -> Double {
        type == 6
            ? Double(Float(bitPattern: try integer(UInt32.self)))
            : Double(bitPattern: try integer(UInt64.self))
    }

    private mutating func bool(_ key: TensorName) throws(GGUFError) -> Bool {
        let byte = try integer(UInt8.self)
        guard byte <= 1 else { throw .invalidBool(key, byte) }
        return byte == 1
    }
}
