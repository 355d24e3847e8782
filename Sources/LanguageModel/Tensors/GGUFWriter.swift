// Writes GGUF version 3 as its reference does: keys in the order given, infos, then the tensors,
// each at a multiple of 32.

/// A file under construction.
struct GGUFWriter {
    private static let alignment = 32

    private var keys: [UInt8] = []
    private var keyCount: UInt64 = 0
    private var tensors: [(name: String, shape: [Int], values: [Float])] = []

    mutating func set(_ key: String, _ text: String) {
        add(key, type: 8)
        append(text)
    }

    mutating func set(_ key: String, _ value: Float) {
        add(key, type: 6)
        append(value.bitPattern)
    }

    /// A float32 tensor.
    /// - Precondition: the shape (outermost first) has as many elements as there are values.
    mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
        precondition(shape.reduce(1, *) == values.count && name.utf8.count <= GGUFFile.nameLimit)
        tensors.append((name, shape, values))
    }

    var bytes: [UInt8] {
        var file = GGUFWriter()
        file.keys = Array("GGUF".utf8)
        file.append(UInt32(3))
        file.append(UInt64(tensors.count))
        file.append(keyCount)
        file.keys += keys
        var offset = 0
        for tensor in tensors {
            file.append(tensor.name)
            file.append(UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { file.append(UInt64(size)) }
            file.append(GGUFType.f32.rawValue)
            file.append(UInt64(offset))
            offset = Self.aligned(offset + 4 * tensor.values.count)
        }
        for tensor in tensors {
            file.pad()
            file.keys += FloatFormats.bytes(littleEndian: tensor.values)
        }
        file.pad()
        return file.keys
    }

    private static func aligned(_ value: Int) -> Int {
        (value + alignment - 1) / alignment * alignment
    }

    private mutating func pad() {
        keys += [UInt8](repeating: 0, count: Self.aligned(keys.count) - keys.count)
    }

    private mutating func add(_ key: String, type: UInt32) {
        append(key)
        append(type)
        keyCount += 1
    }

    private mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        keys += Array(text.utf8)
    }

    private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
            keys.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }
}
