import Cryptography
import Primitives
import TestSupport
import Testing

@Suite("Tagged hash") struct HashTests {
    private let tag = HashTag("openledger/test/v1")

    @Test("the hash is BLAKE2b-256 over tag and bytes")
    func reference() {
        // From an independent implementation: blake2b(b"openledger/test/v1abc", digest_size=32).
        #expect(
            taggedHash(tag, Array("abc".utf8)).description
                == "0x3b911d3038d3ac6f499ab04308212e4931152fa6d09d6c8e514ef3b96ddd1513"
        )
        #expect(
            taggedHash(tag, []).description
                == "0x73521807496064911026a709fca70a468df8df05c0f1da8f1fe24b924a1a56e7"
        )
    }

    @Test("pieces hash like the whole, however they are cut")
    func pieces() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let bytes = generator.bytes(Int.random(in: 0..<700, using: &generator))
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            var hasher = TaggedHasher(tag)
            hasher.update(Array(bytes[..<cut]))
            let half = hasher.finalize()
            hasher.update(Array(bytes[cut...]))
            #expect(hasher.finalize() == taggedHash(tag, bytes))
            #expect(half == taggedHash(tag, Array(bytes[..<cut])))
        }
    }

    @Test("the tag is part of the hash")
    func separation() {
        #expect(taggedHash(tag, [1]) != taggedHash(HashTag("openledger/test/v2"), [1]))
    }

    @Test("an address is the first 20 bytes of the key's tagged hash")
    func address() throws {
        let key = try #require(PublicKey((0..<32).map { UInt8($0) }))
        let hash = taggedHash(HashTag("openledger/address/v1"), key.bytes)
        #expect(Address(firstKey: key).bytes == Array(hash.bytes.prefix(20)))
    }

    @Test("leaves, nodes and the empty tree of the content tree are told apart")
    func contentTree() throws {
        let leaf = ContentMerkle.leaf([1])
        let node = ContentMerkle.node(leaf, leaf)
        #expect(node == taggedHash(HashTag("openledger/merkle-node/v1"), leaf.bytes + leaf.bytes))
        #expect(node != ContentMerkle.leaf(leaf.bytes + leaf.bytes))
        #expect(ContentMerkle.root(of: [leaf, leaf]) != node)
        #expect(ContentMerkle.root(of: [leaf]) == ContentMerkle.root(of: [leaf.bytes]))
        #expect(ContentMerkle.root(of: [Digest]()) == ContentMerkle.emptyRoot)
        let tree = MerkleTree<ContentMerkle>(leaves: [[1], [2], [3]])
        let proof = tree.proof(ofLeaf: 1)
        let copy = try MerkleProof<Digest>(borsh: proof.borshBytes)
        #expect(copy.verify(leaf: [2], root: tree.root, ContentMerkle.self))
    }

    @Test("SHA-2 agrees with FIPS 180-4 and RFC 4231")
    func sha2() {
        #expect(
            Hex.encode(SHA256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            Hex.encode(SHA512.hash(Array("abc".utf8)))
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        )
        #expect(
            Hex.encode(
                SHA512.authenticate(
                    Array("what do ya want for nothing?".utf8),
                    key: Array("Jefe".utf8)
                )
            )
                == "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        )
    }
}
