/// What a hash is about, such as `openledger/tx/v1`. Two uses never share a tag, and no tag is a
/// prefix of another, so equal hashes mean equal meaning.
package struct HashTag: Sendable {
    let text: StaticString

    /// - Precondition: ASCII, of more than one character (a single one is stored differently).
    package init(_ text: StaticString) {
        precondition(text.hasPointerRepresentation)
        self.text = text
    }
}
