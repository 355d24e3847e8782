// Whether the stored blocks are what was decided, one by one: a damaged block is found, named, and
// replaced by a peer's, without trusting the peer.

import Ledger
package import Primitives
package import Replica
import StateTree
import Voting

/// What is wrong with one stored block.
package enum BlockDamage: Error, Sendable, Equatable {
    case missing
    /// Its bytes do not read back.
    case unreadable
    case otherHeight(Height)
    /// Transactions, evidence or the earlier certificate are not those of the header.
    case contents
    /// The certificate is for another block or does not hold.
    case certificate
    /// The block after it names another one.
    case link
    /// The validators of its height are not stored.
    case noValidators
}

/// What a check has found.
package struct IntegrityReport: Sendable, Equatable {
    package var checkedBlocks = 0
    /// Ascending by height.
    package var damaged: [(height: Height, damage: BlockDamage)] = []
    /// Whether the flat state makes the tip's state root; nil when it was not asked for.
    package var stateIsWhole: Bool?

    package static func == (left: IntegrityReport, right: IntegrityReport) -> Bool {
        left.checkedBlocks == right.checkedBlocks && left.stateIsWhole == right.stateIsWhole
            && left.damaged.elementsEqual(right.damaged, by: ==)
    }
}

extension ChainReader {
    /// Checks every block from the earliest to the tip, and, if asked to, rebuilds the state tree
    /// from the flat state, which takes memory for two hashes an entry.
    package func checkIntegrity(
        chain: ChainID,
        includingState: Bool
    ) throws(StorageError) -> IntegrityReport {
        var report = IntegrityReport()
        let tip = try tip()
        var expected: Digest? = tip.hash
        var height = tip.height
        let earliest = try earliestBlock()
        while height >= earliest, height > .genesis {
            report.checkedBlocks += 1
            do throws(BlockDamage) {
                let block = try intactBlock(at: height, chain: chain).block
                if let expected, expected != block.hash { throw .link }
                expected = block.header.parent
            } catch {
                report.damaged.append((height, error))
                expected = nil
            }
            height = Height(height.value - 1)
        }
        report.damaged.reverse()
        if includingState { report.stateIsWhole = try stateRoot() == tip.stateRoot }
        return report
    }

    /// The block of a height, if it proves itself.
    fileprivate func intactBlock(
        at height: Height,
        chain: ChainID
    ) throws(BlockDamage) -> CertifiedBlock {
        let found: CertifiedBlock?
        do { found = try block(at: height) } catch { throw .unreadable }
        guard let found else { throw .missing }
        try check(found, at: height, chain: chain)
        return found
    }

    func check(
        _ certified: CertifiedBlock,
        at height: Height,
        chain: ChainID
    ) throws(BlockDamage) {
        let (block, certificate) = (certified.block, certified.certificate)
        guard block.header.height == height else { throw .otherHeight(block.header.height) }
        guard block.contentsMatchHeader else { throw .contents }
        guard let set = try? validators(at: height) else { throw .noValidators }
        guard certificate.height == height, certificate.block == block.hash else {
            throw .certificate
        }
        do { try certificate.verify(set: set, chain: chain) } catch { throw .certificate }
    }

    /// The root that the flat state makes.
    private func stateRoot() throws(StorageError) -> Digest {
        var leaves: [LeafChange] = []
        var last: [UInt8]?
        while true {
            let page = try values.scan(.state, after: last, limit: 4_096)
            for pair in page {
                leaves.append(
                    LeafChange(
                        keyHash: TreeHash.key(pair.key),
                        valueHash: TreeHash.value(pair.value)
                    )
                )
            }
            guard let final = page.last else { break }
            last = final.key
        }
        leaves.sort { $0.keyHash < $1.keyHash }
        do {
            return try StateTree.apply(sorted: leaves, at: nil, to: 0, in: MemoryNodeStore()).root
        } catch {
            throw .corrupt(path: path, detail: "the state tree: \(error)")
        }
    }
}

extension Database {
    /// Replaces a damaged block by another node's copy, after checking that it is the one that was
    /// decided. Receipts and events are kept as they are.
    package func repair(_ certified: CertifiedBlock, chain: ChainID) throws {
        let height = certified.height
        try now.check(certified, at: height, chain: chain)
        let tip = try now.tip()
        guard height <= tip.height else { throw BlockDamage.otherHeight(height) }
        // The next block tells what this one is, unless it is damaged as well.
        let next = height == tip.height ? nil : try? now.intactBlock(at: height.next, chain: chain)
        let named = height == tip.height ? tip.hash : next?.block.header.parent
        if let named, named != certified.block.hash { throw BlockDamage.link }
        try replace(certified)
    }
}
