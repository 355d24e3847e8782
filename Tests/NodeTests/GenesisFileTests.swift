import Cryptography
import JSON
import Ledger
import Node
import Primitives
import Testing

@Suite("Genesis document") struct GenesisFileTests {
    static func genesis(_ chain: String = "openledger-test") throws -> Genesis {
        let owner = try #require(Address([UInt8](repeating: 1, count: 20)))
        return Genesis(
            chain: try #require(ChainID(chain)),
            time: 1_764_547_200_000,
            parameters: .devnet,
            validators: [
                .init(
                    owner: owner,
                    key: try SigningKey(seed: [UInt8](repeating: 2, count: 32)).publicKey,
                    stake: Amount(tokens: 100_000),
                    commissionPerMille: 100
                )
            ],
            balances: [
                .init(address: owner, amount: Amount(units: 1)),
                .init(address: .zero, amount: try Amount(tokens: 1).subtracting(Amount(units: 1))),
            ],
            treasury: Amount(tokens: 899_999),
            rewardPool: Amount(tokens: 999_000_000)
        )
    }

    static func edited(_ old: String, _ new: String) throws -> [UInt8] {
        let text = GenesisFile.document(try genesis())
        #expect(text.contains(old))
        return Array(text.replacing(old, with: new, maxReplacements: 1).utf8)
    }

    @Test("a document reads back as its genesis, with the same hash")
    func roundTrip() throws {
        for chain in ["openledger-test", "openledger-1"] {
            var genesis = try Self.genesis(chain)
            #expect(try GenesisFile.read(Array(GenesisFile.document(genesis).utf8)) == genesis)
            genesis = Genesis(
                chain: genesis.chain,
                time: 1,
                parameters: .standard,
                validators: genesis.validators,
                balances: genesis.balances,
                treasury: genesis.treasury,
                rewardPool: genesis.rewardPool
            )
            let read = try GenesisFile.read(Array(GenesisFile.document(genesis).utf8))
            #expect(read.hash == genesis.hash)
        }
    }

    @Test("every parameter of the chain is in the document")
    func complete() throws {
        let document = try JSON.parse(GenesisFile.document(try Self.genesis()))
        let parameters = try #require(document["parameters"])
        func leaves(_ value: Any) -> Int {
            let mirror = Mirror(reflecting: value)
            guard mirror.displayStyle == .struct, !(value is Amount) else {
                return mirror.displayStyle == .collection
                    ? mirror.children.reduce(0) { $0 + leaves($1.value) } : 1
            }
            return mirror.children.reduce(0) { $0 + leaves($1.value) }
        }
        func members(_ value: JSON) -> Int {
            value.object.map { $0.members.reduce(0) { $0 + members($1.value) } } ?? 1
        }
        #expect(members(parameters) == leaves(ChainParameters.devnet))
    }

    @Test("a mistake is told with its place")
    func mistakes() throws {
        let cases: [(String, String, GenesisFileError)] = [
            (
                "\"time\": 1764547200000", "\"time\": \"now\"",
                .wrongKind("time", expected: "an integer from 0 to 18446744073709551615")
            ),
            ("\"epochLength\"", "\"epochLenght\"", .missing("parameters.staking.epochLength")),
            (
                "\"minimumFee\": \"0.001 OPEN\"", "\"minimumFee\": \"0.001 OPEN\", \"x\": 1",
                .unknown("parameters.x")
            ),
            (
                "\"0.001 OPEN\"", "\"0.001\"",
                .wrongKind("parameters.minimumFee", expected: "an amount such as \"12.5 OPEN\"")
            ),
            (
                "\"beaconDelay\": 2", "\"beaconDelay\": 1",
                .invalidParameters("claims.beaconDelay must be at least 2")
            ),
            (
                "\"voteWindow\": 1600", "\"voteWindow\": 1601",
                .invalidParameters("staking.voteWindow must be a multiple of 16 from 16 to 1048576")
            ),
            (
                "\"treasury\": \"899999 OPEN\"", "\"treasury\": \"900000 OPEN\"",
                .wrongSupply(found: "1000000001 OPEN", expected: "1000000000 OPEN")
            ),
            (
                "\"openledger-test\"", "\"openledger-1\"",
                .wrongKind("validators[0].owner", expected: "an address that begins with open1")
            ),
            (
                "\"openledger-test\"", "\"\"",
                .wrongKind("chain", expected: "1 to 32 printable ASCII characters")
            ),
        ]
        for (old, new, error) in cases {
            let bytes = try Self.edited(old, new)
            #expect(throws: error) { try GenesisFile.read(bytes) }
        }
        #expect(throws: GenesisFileError.self) { try GenesisFile.read(Array("{".utf8)) }
    }
}
