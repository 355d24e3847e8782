import Cryptography
import Ledger
import LightClient
import Primitives
import Replica
import StateTree
import Voting

/// A chain of one validator, and whatever has to be signed for it.
struct BenchChain {
    static let validatorSeed = [UInt8](repeating: 1, count: 32)

    let genesis: Genesis
    let set: ValidatorSet

    /// - Parameter senders: accounts with a thousand tokens each.
    init(senders: [Address] = []) throws {
        let key = try SigningKey(seed: Self.validatorSeed).publicKey
        let stake = Amount(tokens: 10_000)
        let funds = Amount(tokens: 1_000)
        var treasury = try Genesis.supply.subtracting(stake)
        for _ in senders { treasury = try treasury.subtracting(funds) }
        guard let chain = ChainID("chainbench") else { throw BenchError.setup }
        var parameters = ChainParameters.standard
        parameters.staking.minimumStake = stake
        genesis = Genesis(
            chain: chain,
            time: 1_700_000_000_000,
            parameters: parameters,
            validators: [
                Genesis.Member(
                    owner: Address(firstKey: key),
                    key: key,
                    stake: stake,
                    commissionPerMille: 0
                )
            ],
            balances: senders.map { Genesis.Balance(address: $0, amount: funds) },
            treasury: treasury,
            rewardPool: .zero
        )
        set = try genesis.initialState().validators
    }

    /// A header of this height over a state, signed.
    func block(_ height: Height, parent: Digest, stateRoot: Digest, time: UInt64) throws
        -> LightBlock
    {
        let key = try SigningKey(seed: Self.validatorSeed)
        let header = BlockHeader(
            chain: genesis.chain,
            height: height,
            time: time,
            parent: parent,
            transactionsRoot: Block.transactionsRoot([]),
            stateRoot: stateRoot,
            receiptsRoot: Block.receiptsRoot([]),
            validatorsHash: set.hash,
            nextValidatorsHash: set.hash,
            lastCommitHash: .zero,
            evidenceRoot: Block.evidenceRoot([]),
            proposer: key.publicKey,
            vrfProof: .zero,
            beacon: .zero
        )
        let vote = Vote(
            kind: .precommit,
            height: height,
            round: .zero,
            block: header.hash,
            validator: ValidatorIndex(0)
        )
        let certificate = CommitCertificate(
            height: height,
            round: .zero,
            block: header.hash,
            signatures: [
                CommitCertificate.Entry(
                    validator: ValidatorIndex(0),
                    signature: key.sign(vote.signBytes(chain: genesis.chain))
                )
            ]
        )
        return LightBlock(header: header, certificate: certificate, validators: set)
    }

    /// The account of a number.
    static func account(_ number: Int) -> Address {
        var bytes = [UInt8](repeating: 0, count: 20)
        for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
        return Address(bytes) ?? .zero
    }
}

enum BenchError: Error {
    case setup
    case outcome(String)
}
