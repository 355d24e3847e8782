import Ledger
import Primitives

/// What a database was made for; written once, with genesis.
struct ChainIdentity: BorshCodable, Equatable {
    static let currentFormat: UInt32 = 1

    let format: UInt32
    let chain: ChainID
    let genesis: Digest

    init(_ genesis: Genesis) {
        format = Self.currentFormat
        chain = genesis.chain
        self.genesis = genesis.hash
    }

    func encode(to writer: inout BorshWriter) {
        writer.write(format)
        writer.write(chain)
        writer.write(genesis)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        format = try reader.readUInt32()
        chain = try ChainID(from: &reader)
        genesis = try Digest(from: &reader)
    }

    var text: String { "\(chain) (genesis \(genesis))" }
}
