// Lists whose bytes are an artifact and whose Merkle root the chain knows.

import Cryptography
package import Primitives

/// An element of a list that is committed to by the root over its elements' digests.
package protocol CommittedElement: BorshCodable, Sendable {
    /// The largest number of elements in one list.
    static var listLimit: Int { get }
    /// The leaf of this element in the list's Merkle tree.
    var digest: Digest { get }
}

/// The Borsh array of its elements, such as the records of a contribution.
package struct CommittedList<Element: CommittedElement>: Sendable {
    package let elements: [Element]

    /// - Precondition: at most `Element.listLimit` elements.
    package init(_ elements: [Element]) {
        precondition(elements.count <= Element.listLimit)
        self.elements = elements
    }

    package var root: Digest { outputRoot(of: elements.map(\.digest)) }
}

extension CommittedList: Equatable where Element: Equatable {}

extension CommittedList: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.writeArray(elements) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        elements = try reader.readArray(limit: Element.listLimit)
    }
}

/// The root of a claim: the content Merkle tree whose leaves are the units' output digests.
package func outputRoot(of digests: [Digest]) -> Digest {
    ContentMerkle.root(of: digests)
}
