import Primitives
import TestSupport
import Testing

@Suite("Fixed bytes") struct FixedBytesTests {
    @Test("only the exact length makes a value", arguments: [0, 31, 33, 64])
    func length(count: Int) {
        #expect(Digest([UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("values compare as their bytes do")
    func comparison() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<300 {
            let left = generator.bytes(32)
            var right = left
            right[Int.random(in: 0..<32, using: &generator)] &+= UInt8.random(
                in: 0...1,
                using: &generator
            )
            let (first, second) = (try #require(Digest(left)), try #require(Digest(right)))
            #expect((first == second) == (left == right))
            #expect((first < second) == left.lexicographicallyPrecedes(right))
            #expect(first.bytes == left)
            #expect(try Digest(borsh: first.borshBytes) == first)
            if left == right { #expect(first.hashValue == second.hashValue) }
        }
    }

    @Test("the text is hexadecimal with 0x")
    func text() throws {
        let digest = try #require(Digest((0..<32).map { UInt8($0) }))
        #expect(digest.description.hasPrefix("0x00010203") && digest.description.count == 66)
        #expect(digest[31] == 31)
    }
}

@Suite("Chain id") struct ChainIDTests {
    @Test("1 to 32 printable ASCII bytes, and nothing else")
    func range() throws {
        #expect(ChainID("") == nil)
        #expect(ChainID("two words") == nil)
        #expect(ChainID("café") == nil)
        #expect(ChainID(String(repeating: "x", count: 33)) == nil)
        let id = try #require(ChainID(String(repeating: "x", count: 32)))
        #expect(try ChainID(borsh: id.borshBytes) == id)
        #expect(throws: BorshError.invalidValue(offset: 0, field: "chain id")) {
            try ChainID(borsh: [1, 0, 0, 0, 0x20])
        }
        #expect(throws: BorshError.lengthOverLimit(offset: 0, length: 33, limit: 32)) {
            try ChainID(borsh: [33, 0, 0, 0])
        }
    }
}
