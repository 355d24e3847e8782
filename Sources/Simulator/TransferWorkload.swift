import Cryptography
import Ledger
import Primitives

/// Transfers between the funded accounts, each signed by its sender with the next nonce.
struct TransferWorkload {
    private let chain: ChainID
    private let fee: Amount
    private let seeds: [[UInt8]]
    private let addresses: [Address]

    init(_ genesis: SimulatedGenesis) throws {
        chain = genesis.record.chain
        fee = genesis.record.parameters.minimumFee
        seeds = genesis.accountSeeds
        addresses = try seeds.map { Address(firstKey: try SigningKey(seed: $0).publicKey) }
    }

    /// - Parameter nonce: what the node says is next, where its pool or state knows better.
    func next(
        _ random: inout SimulationRandom,
        nonce: (Address) -> UInt64
    ) -> SignedTransaction? {
        let sender = random.index(below: seeds.count)
        let recipient = random.index(below: seeds.count)
        let amount = Amount(units: UInt128(random.number(1...1_000_000)))
        guard let key = try? SigningKey(seed: seeds[sender]) else { return nil }
        let transaction = Transaction(
            chain: chain,
            sender: addresses[sender],
            nonce: nonce(addresses[sender]),
            fee: fee,
            action: .transfer(Transfer(to: addresses[recipient], amount: amount))
        )
        return transaction.signed(with: key)
    }
}
