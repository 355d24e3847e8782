import Ledger
import Primitives
import Replica
import Storage
import Testing
import Voting

@Suite("Integrity of stored blocks") struct IntegrityTests {
    let scratch = ScratchDirectory()

    private func chain(_ name: String, blocks: UInt8) throws -> SoloChain {
        var chain = try SoloChain(path: scratch.file(name))
        for byte in 1...blocks { try chain.pay(to: byte) }
        return chain
    }

    /// Overwrites what is stored for a height, with the database closed.
    private func spoil(_ name: String, _ height: UInt8, with bytes: [UInt8]?) throws {
        let store = try KeyValueStore(path: scratch.file(name))
        var batch = WriteBatch()
        let key: [UInt8] = [0x62, 0, 0, 0, 0, 0, 0, 0, height]
        if let bytes { batch.put(.blocks, key, bytes) } else { batch.delete(.blocks, key) }
        try store.write(batch, sync: true)
    }

    @Test("a whole chain has nothing damaged, and its flat state makes the state root")
    func whole() throws {
        let chain = try chain("chain", blocks: 5)
        let report = try chain.database.now.checkIntegrity(
            chain: chain.genesis.chain,
            includingState: true
        )
        #expect(report.checkedBlocks == 5 && report.damaged.isEmpty)
        #expect(report.stateIsWhole == true)
    }

    @Test("each kind of damage is named by its height, and repaired by another node's block")
    func repair() throws {
        let blocks = try chain("chain", blocks: 7).committed.map(\.certified)
        let genesis = try SoloChain.genesis()
        try spoil("chain", 2, with: nil)
        try spoil("chain", 3, with: [1, 2, 3])
        try spoil("chain", 4, with: blocks[0].borshBytes)
        let other = CertifiedBlock(block: blocks[4].block, certificate: blocks[5].certificate)
        try spoil("chain", 5, with: other.borshBytes)
        let moved = Block(
            header: blocks[5].block.header,
            transactions: [],
            evidence: [],
            lastCommit: blocks[5].block.lastCommit
        )
        let emptied = CertifiedBlock(block: moved, certificate: blocks[5].certificate)
        try spoil("chain", 6, with: emptied.borshBytes)
        let database = try Database(path: scratch.file("chain"), genesis: genesis)
        let report = try database.now.checkIntegrity(
            chain: genesis.chain,
            includingState: false
        )
        #expect(report.damaged.map(\.height.value) == [2, 3, 4, 5, 6])
        #expect(
            report.damaged.map(\.damage)
                == [.missing, .unreadable, .otherHeight(Height(1)), .certificate, .contents]
        )
        #expect(throws: BlockDamage.self) { try database.repair(other, chain: genesis.chain) }
        #expect(throws: BlockDamage.self) { try database.repair(emptied, chain: genesis.chain) }
        for (height, _) in report.damaged {
            try database.repair(blocks[Int(height.value) - 1], chain: genesis.chain)
        }
        let again = try database.now.checkIntegrity(chain: genesis.chain, includingState: true)
        #expect(again.damaged.isEmpty && again.stateIsWhole == true)
        #expect(try database.now.height(ofBlock: blocks[3].block.hash) == Height(4))
    }

    @Test("a state that was changed outside of blocks is noticed")
    func state() throws {
        let genesis = try chain("chain", blocks: 2).genesis
        do {
            let store = try KeyValueStore(path: scratch.file("chain"))
            var batch = WriteBatch()
            batch.put(.state, Array("stray".utf8), [1])
            try store.write(batch, sync: true)
        }
        let database = try Database(path: scratch.file("chain"), genesis: genesis)
        let report = try database.now.checkIntegrity(chain: genesis.chain, includingState: true)
        #expect(report.stateIsWhole == false && report.damaged.isEmpty)
    }
}
