import Primitives
import TestSupport
import Testing

/// A hash that shows the shape: the text of the expression that it stands for.
private enum Shape: MerkleHashing {
    static let emptyRoot = "∅"
    static func leaf(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    static func node(_ left: String, _ right: String) -> String { "(\(left)\(right))" }
}

@Suite("Merkle trees") struct MerkleTests {
    private func leaves(_ count: Int) -> [[UInt8]] {
        (0..<count).map { Array(String(UnicodeScalar(UInt8(0x61 + $0))).utf8) }
    }

    @Test(
        "the left subtree holds the largest power of two that leaves something for the right",
        arguments: [
            (0, "∅"), (1, "a"), (2, "(ab)"), (3, "((ab)c)"), (4, "((ab)(cd))"),
            (5, "(((ab)(cd))e)"), (6, "(((ab)(cd))(ef))"), (7, "(((ab)(cd))((ef)g))"),
        ]
    )
    func shape(count: Int, expected: String) {
        #expect(MerkleTree<Shape>.root(leaves: leaves(count)) == expected)
    }

    @Test("the examples of RFC 6962, section 2.1.3")
    func examples() {
        let tree = MerkleTree<Shape>(leaves: leaves(7))
        #expect(tree.proof(ofLeaf: 0).path == ["b", "(cd)", "((ef)g)"])
        #expect(tree.proof(ofLeaf: 3).path == ["c", "(ab)", "((ef)g)"])
        #expect(tree.proof(ofLeaf: 4).path == ["f", "g", "((ab)(cd))"])
        #expect(tree.proof(ofLeaf: 6).path == ["(ef)", "((ab)(cd))"])
        #expect(tree.consistency(fromSize: 3).path == ["c", "d", "(ab)", "((ef)g)"])
        #expect(tree.consistency(fromSize: 4).path == ["((ef)g)"])
        #expect(tree.consistency(fromSize: 6).path == ["(ef)", "g", "((ab)(cd))"])
    }

    @Test("every proof of every small tree verifies, for its own leaf and place only")
    func inclusion() {
        for count in 1..<20 {
            let leaves = leaves(count)
            let tree = MerkleTree<Shape>(leaves: leaves)
            for index in 0..<count {
                let proof = tree.proof(ofLeaf: index)
                for other in 0..<count {
                    #expect(
                        proof.verify(leaf: leaves[other], root: tree.root, Shape.self)
                            == (other == index)
                    )
                    let moved = MerkleProof(
                        index: UInt64(other),
                        count: UInt64(count),
                        path: proof.path
                    )
                    #expect(
                        moved.verify(leaf: leaves[index], root: tree.root, Shape.self)
                            == (other == index)
                    )
                }
                let beyond = MerkleProof(
                    index: UInt64(count),
                    count: UInt64(count),
                    path: proof.path
                )
                #expect(!beyond.verify(leaf: leaves[index], root: tree.root, Shape.self))
                let longer = MerkleProof(
                    index: UInt64(index),
                    count: UInt64(count),
                    path: proof.path + ["x"]
                )
                #expect(!longer.verify(leaf: leaves[index], root: tree.root, Shape.self))
                let shorter = MerkleProof(
                    index: UInt64(index),
                    count: UInt64(count),
                    path: proof.path.dropLast()
                )
                #expect(
                    count == 1
                        || !shorter.verify(leaf: leaves[index], root: tree.root, Shape.self)
                )
            }
        }
    }

    @Test("every prefix of every small tree is proved, and no other tree is")
    func consistency() {
        for count in 1..<20 {
            let tree = MerkleTree<Shape>(leaves: leaves(count))
            for size in 1...count {
                let proof = tree.consistency(fromSize: size)
                for other in 1..<20 {
                    let old = MerkleTree<Shape>.root(leaves: leaves(other))
                    #expect(
                        proof.verify(oldRoot: old, newRoot: tree.root, Shape.self)
                            == (other == size)
                    )
                }
                let empty = MerkleConsistency(
                    oldCount: 0,
                    newCount: UInt64(count),
                    path: proof.path
                )
                #expect(!empty.verify(oldRoot: "∅", newRoot: tree.root, Shape.self))
            }
        }
    }

    @Test("the frontier grows to the same roots as the whole tree")
    func frontier() {
        var frontier = MerkleFrontier<Shape>()
        for count in 0..<20 {
            #expect(frontier.root == MerkleTree<Shape>.root(leaves: leaves(count)))
            #expect(frontier.peaks.count == count.nonzeroBitCount)
            frontier.append(leaves(20)[count])
        }
    }
}
