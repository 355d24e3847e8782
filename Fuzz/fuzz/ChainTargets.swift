import Ledger
import Primitives
import Replica
import Simulator
import StateTree
import Voting

/// What a short calm chain leaves behind: real blocks, transactions and messages.
private struct Chain {
    let genesis: SimulatedGenesis
    let disk: SimulatedDisk

    init() throws {
        var simulation = try Simulation(seed: 1, plan: .calm)
        _ = simulation.run()
        genesis = simulation.genesis
        disk = simulation.disk(of: 0)
    }

    var blocks: [CertifiedBlock] {
        (1...4).compactMap { try? disk.certifiedBlock(at: Height($0)) }
    }
}

extension FuzzTarget {
    static func chainTargets() throws -> [FuzzTarget] {
        let chain = try Chain()
        let blocks = chain.blocks
        let transactions = blocks.flatMap(\.block.transactions)
        let set = chain.disk.tip.validators
        let votes = blocks.flatMap { block in
            block.certificate.signatures.map { entry in
                SignedVote(
                    vote: Vote(
                        kind: .precommit,
                        height: block.height,
                        round: block.certificate.round,
                        block: block.certificate.block,
                        validator: entry.validator
                    ),
                    signature: entry.signature
                )
            }
        }
        let messages: [ReplicaMessage] =
            [
                .votes(votes), .announce(transactions.map(\.id)), .pull(transactions.map(\.id)),
                .transactions(transactions), .requestBlocks(from: Height(1), count: 3),
            ] + blocks.map { .block($0) }
        return [
            .borsh("message", ReplicaMessage.self, seeds: messages),
            .borsh("log-entry", WALEntry.self, seeds: votes.prefix(2).map { .vote($0) }),
            .borsh("block", CertifiedBlock.self, seeds: blocks),
            .borsh("transaction", SignedTransaction.self, seeds: transactions),
            .borsh("genesis", Genesis.self, seeds: [chain.genesis.genesis]),
            .borsh("tip", ChainTip.self, seeds: [chain.disk.tip]),
            .borsh("validators", ValidatorSet.self, seeds: [set]),
            stateTarget(chain.disk), proofTarget(chain.disk),
        ]
    }

    /// Values of the state, by the first byte; a node reads them from disk and clients from peers.
    private static func stateTarget(_ disk: SimulatedDisk) -> FuzzTarget {
        func check<Value: BorshCodable>(_ type: Value.Type, _ bytes: [UInt8]) {
            guard let value = try? Value(borsh: bytes) else { return }
            precondition(value.borshBytes == bytes, "\(type) has two encodings")
        }
        let values = disk.values(prefix: []).prefix(20)
        let seeds = values.flatMap { value in (UInt8(0)...9).map { [$0] + value } }
        return FuzzTarget(name: "state", seeds: seeds) { bytes in
            let rest = Array(bytes.dropFirst())
            switch bytes.first {
            case 0: check(Account.self, rest)
            case 1: check(ValidatorRecord.self, rest)
            case 2: check(Claim.self, rest)
            case 3: check(Panel.self, rest)
            case 4: check(Settlement.self, rest)
            case 5: check(Event.self, rest)
            case 6: check(TreeNode.self, rest)
            case 7: check(ChainRecord.self, rest)
            case 8: check(Receipt.self, rest)
            default: check(DueWork.self, rest)
            }
        }
    }

    /// Proofs that a client checks: none may hold for a value that is not there.
    private static func proofTarget(_ disk: SimulatedDisk) -> FuzzTarget {
        let version = disk.tip.height.value
        let key = StateKey.supply
        let seeds = [key, Array("nothing".utf8)].compactMap {
            try? StateTree.prove($0, at: version, in: disk).proof.borshBytes
        }
        let root = disk.tip.stateRoot
        return FuzzTarget(name: "state-proof", seeds: seeds) { bytes in
            guard let proof = try? StateProof(borsh: bytes) else { return }
            precondition(proof.borshBytes == bytes, "a proof has two encodings")
            precondition(!proof.verify(root: root, key: key, value: nil), "absence proved")
            precondition(!proof.verify(root: root, key: key, value: [1]), "another value proved")
        }
    }
}
