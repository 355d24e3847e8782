package import Primitives

/// What a node remembers of others from one run to the next: the file `peers` of its home.
package struct PeerDirectory: Sendable {
    private static let format: UInt8 = 1

    package var book: AddressBook
    package var bans = BanList()

    /// - Parameter secret: see `AddressBook`.
    package init(secret: Digest) { book = AddressBook(secret: secret) }
}

extension PeerDirectory: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.write(Self.format)
        writer.write(book)
        writer.write(bans)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        try reader.require(try reader.readUInt8() == Self.format, "format")
        book = try AddressBook(from: &reader)
        bans = try BanList(from: &reader)
    }
}
