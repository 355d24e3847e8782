import Cryptography
import Ledger
import Primitives
import Testing

/// Senders with keys from seeds, and signed transfers of theirs.
struct Senders {
    let chain: ChainID

    init() throws { chain = try #require(ChainID("replica-test")) }

    func address(_ sender: UInt8) throws -> Address {
        Address(firstKey: try key(sender).publicKey)
    }

    func key(_ sender: UInt8) throws -> SigningKey {
        try SigningKey(seed: [UInt8](repeating: sender, count: 32))
    }

    func transfer(
        _ sender: UInt8,
        nonce: UInt64,
        fee: UInt128 = 1_000_000_000_000_000,
        amount: UInt128 = 1
    ) throws -> SignedTransaction {
        let key = try key(sender)
        return Transaction(
            chain: chain,
            sender: Address(firstKey: key.publicKey),
            nonce: nonce,
            fee: Amount(units: fee),
            action: .transfer(
                Transfer(to: try address(sender &+ 1), amount: Amount(units: amount))
            )
        ).signed(with: key)
    }
}
