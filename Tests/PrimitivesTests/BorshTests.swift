import Primitives
import Testing

@Suite("Borsh") struct BorshTests {
    @Test("integers are little-endian and round-trip")
    func integers() throws {
        var writer = BorshWriter()
        writer.write(UInt8(1))
        writer.write(UInt32(0x0403_0201))
        writer.write(UInt128(7))
        writer.write(Int64(-2))
        #expect(Array(writer.bytes.prefix(5)) == [1, 1, 2, 3, 4])
        var reader = BorshReader(writer.bytes)
        #expect(try reader.readUInt8() == 1)
        #expect(try reader.readUInt32() == 0x0403_0201)
        #expect(try reader.readUInt128() == 7)
        #expect(try reader.readInt64() == -2)
        try reader.finish()
    }

    @Test("a length over the limit is refused before the bytes are looked at")
    func lengthLimit() {
        var reader = BorshReader([5, 0, 0, 0])
        #expect(throws: BorshError.lengthOverLimit(offset: 0, length: 5, limit: 4)) {
            try reader.readBytes(limit: 4)
        }
    }

    @Test("a length beyond the bytes present takes no memory")
    func hugeLength() {
        var reader = BorshReader([255, 255, 255, 127])
        #expect(throws: BorshError.truncated(offset: 4, needed: 0x7fff_ffff)) {
            try reader.readBytes(limit: .max)
        }
    }

    @Test("trailing bytes are refused")
    func trailing() {
        #expect(throws: BorshError.trailingBytes(offset: 16, remaining: 1)) {
            try Amount(borsh: [UInt8](repeating: 0, count: 17))
        }
    }

    @Test("a boolean is 0 or 1, and nothing else", arguments: UInt8(2)...255)
    func booleans(tag: UInt8) {
        var reader = BorshReader([tag])
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: tag)) { try reader.readBool() }
    }

    @Test("options and arrays round-trip")
    func containers() throws {
        var writer = BorshWriter()
        writer.writeOptional(Height?.none)
        writer.writeOptional(Height(9))
        writer.writeArray([Height(1), Height(2)])
        var reader = BorshReader(writer.bytes)
        #expect(try reader.readOptional(Height.self) == nil)
        #expect(try reader.readOptional(Height.self) == Height(9))
        #expect(try reader.readArray(of: Height.self, limit: 2) == [Height(1), Height(2)])
        try reader.finish()
    }
}
