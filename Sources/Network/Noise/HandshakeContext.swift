package import Primitives

/// What two nodes must agree on before they say a word to each other. It is the Noise prologue, so
/// a node of another chain, genesis or protocol cannot complete a handshake.
package struct HandshakeContext: Sendable, Equatable {
    package let chain: [UInt8]
    package let genesis: Digest
    package let protocolVersion: UInt32

    package init(chain: [UInt8], genesis: Digest, protocolVersion: UInt32 = 2) {
        self.chain = chain
        self.genesis = genesis
        self.protocolVersion = protocolVersion
    }

    package var prologue: [UInt8] {
        var writer = BorshWriter()
        writer.writeBytes(Array("openledger/p2p".utf8))
        writer.writeBytes(chain)
        writer.write(genesis)
        writer.write(protocolVersion)
        return writer.bytes
    }
}
