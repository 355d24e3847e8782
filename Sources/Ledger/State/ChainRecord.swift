package import Primitives
package import Voting

/// What the genesis fixed for good.
package struct ChainRecord: Sendable, Hashable {
    package let chain: ChainID
    package let genesis: Digest
    package let parameters: ChainParameters

    package init(chain: ChainID, genesis: Digest, parameters: ChainParameters) {
        self.chain = chain
        self.genesis = genesis
        self.parameters = parameters
    }

    /// Reads it from any state that began with a genesis.
    package static func read(from reader: some StateReader) throws(LedgerError) -> ChainRecord {
        let bytes: [UInt8]?
        do { bytes = try reader.value(StateKey.chain) } catch { throw .read(error) }
        guard let bytes else { throw .missingGenesis }
        do { return try ChainRecord(borsh: bytes) } catch {
            throw .corruptState(key: StateKey.chain)
        }
    }
}

extension ChainRecord: StateEntry {
    package func encode(to writer: inout BorshWriter) {
        writer.write(chain)
        writer.write(genesis)
        writer.write(parameters)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        chain = try ChainID(from: &reader)
        genesis = try Digest(from: &reader)
        parameters = try ChainParameters(from: &reader)
    }
}

/// Money that belongs to the network.
package struct Pools: Sendable, Hashable {
    package var treasury: Amount
    package var rewardPool: Amount

    package init(treasury: Amount, rewardPool: Amount) {
        self.treasury = treasury
        self.rewardPool = rewardPool
    }
}

extension Pools: StateEntry {
    package var holdings: [Holding] {
        [Holding(.treasury, treasury), Holding(.rewardPool, rewardPool)]
    }

    package func encode(to writer: inout BorshWriter) {
        writer.write(treasury)
        writer.write(rewardPool)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        treasury = try Amount(from: &reader)
        rewardPool = try Amount(from: &reader)
    }
}

extension FixedBytes: StateEntry {}
extension ValidatorSet: StateEntry {}
