import Commitments
import Cryptography
import Ledger
import Primitives
import TestSupport
import Testing
import Voting

/// Pinned bytes. A change here is a change of the protocol, and needs a new version of it.
@Suite("Formats") struct FormatTests {
    private static func filled(_ byte: UInt8) throws -> Digest {
        try #require(Digest(Array(repeating: byte, count: 32)))
    }

    private func transfer() throws -> SignedTransaction {
        let actor = Actor(1)
        let body = Transaction(
            chain: try #require(ChainID("test-1")),
            sender: actor.address,
            nonce: 7,
            fee: Amount(units: 3),
            action: .transfer(
                Transfer(
                    to: try #require(Address(Array(repeating: 9, count: 20))),
                    amount: Amount(units: 256)
                )
            )
        )
        return actor.sign(body)
    }

    private func header() throws -> BlockHeader {
        BlockHeader(
            chain: try #require(ChainID("test-1")),
            height: Height(5),
            time: 1_000,
            parent: try Self.filled(1),
            transactionsRoot: try Self.filled(2),
            stateRoot: try Self.filled(3),
            receiptsRoot: try Self.filled(4),
            validatorsHash: try Self.filled(5),
            nextValidatorsHash: try Self.filled(6),
            lastCommitHash: try Self.filled(7),
            evidenceRoot: try Self.filled(8),
            proposer: Actor(1).key,
            vrfProof: try #require(VRFProof(Array(repeating: 9, count: 80))),
            beacon: try Self.filled(10)
        )
    }

    @Test("a transaction's bytes and id do not move")
    func transaction() throws {
        let signed = try transfer()
        let sender = Hex.encode(Actor(1).address.bytes)
        #expect(
            Hex.encode(signed.body.borshBytes)
                == "06000000746573742d31" + sender + "0700000000000000"
                + "03000000000000000000000000000000" + "00" + String(repeating: "09", count: 20)
                + "00010000000000000000000000000000"
        )
        #expect(
            Hex.encode(signed.id.bytes)
                == "3b56861cbca1af8fe699d092d92b6934182cf529819b74721d9356aab00e8a99"
        )
        #expect(signed.id == signed.body.id)
        #expect(signed.byteCount == signed.borshBytes.count)
        #expect(signed.isSigned)
        #expect(signed.keyMatchesSender)
        let forged = SignedTransaction(
            body: signed.body,
            key: Actor(2).key,
            signature: signed.signature
        )
        #expect(!forged.isSigned)
        #expect(!forged.keyMatchesSender)
    }

    @Test("a header's bytes and hash do not move")
    func headerBytes() throws {
        let header = try header()
        #expect(header.borshBytes.count == 4 + 10 + 8 + 8 + 8 * 32 + 32 + 80 + 32)
        #expect(
            Hex.encode(header.borshBytes.prefix(30))
                == "0100000006000000746573742d310500000000000000e803000000000000"
        )
        #expect(
            Hex.encode(header.hash.bytes)
                == "83a227b936c4d73613a2f9216ee3095e2ee49c9ff33cdbbf6a8a1b3f28e76c72"
        )
        var other = header.borshBytes
        other[0] = 2
        #expect(try BlockHeader(borsh: other).version == 2)
        other[0] = 0
        #expect(throws: BorshError.self) { try BlockHeader(borsh: other) }
    }

    static let actions: [Action] = {
        let digest = World.digest("x")
        let amount = Amount(tokens: 5)
        let one = Actor(1)
        let work = CommittedWork(root: digest, units: 3, artifact: digest)
        let attribution = QueryAttribution(
            receipt: digest,
            fee: amount,
            scores: digest,
            shares: [ContributorShare(contributor: one.address, weight: -4)]
        )
        let rows = attribution.map {
            [SettlementRow(voucher: 0, sequence: 1, body: digest, attribution: $0)]
        }
        return [
            .transfer(Transfer(to: one.address, amount: amount)),
            .registerValidator(
                RegisterValidator(
                    key: one.key,
                    stake: amount,
                    commissionPerMille: 9,
                    proof: one.sign([1])
                )
            ),
            .delegate(Delegate(validator: one.address, amount: amount)),
            .undelegate(Undelegate(validator: one.address, amount: amount)), .unjail,
            .createDatanet(
                CreateDatanet(
                    name: [1],
                    licence: [2],
                    admission: .curated([one.address]),
                    bondPerRecord: amount,
                    ownerPerMille: 3
                )
            ),
            .commitContribution(
                CommitContribution(datanet: digest, commitment: digest, bond: amount)
            ),
            .revealContribution(
                RevealContribution(
                    contribution: digest,
                    root: digest,
                    recordCount: 4,
                    artifact: digest,
                    salt: digest
                )
            ),
            .freezeSnapshot(FreezeSnapshot(datanet: digest, claim: digest)),
            .registerModel(World.modelTerms("w", share: 5)),
            .commitAdapter(
                CommitAdapter(
                    name: [1],
                    model: digest,
                    snapshot: digest,
                    recipe: [1, 2, 3],
                    fileHash: digest,
                    canonicalRoot: digest,
                    adapterArtifact: digest,
                    trace: work,
                    index: work,
                    pricePerToken: amount,
                    bond: amount
                )
            ),
            .revokeAdapter(adapter: digest),
            .submitClaim(
                SubmitClaim(
                    kind: .attribution,
                    subject: digest,
                    artifact: digest,
                    outputArtifact: digest,
                    unitCount: 3,
                    outputRoot: digest,
                    bond: amount
                )
            ),
            .commitVerdict(CommitVerdict(claim: digest, digest: digest)),
            .revealVerdict(
                RevealVerdict(
                    claim: digest,
                    verdict: .invalid(unit: 1, expected: digest),
                    trace: digest,
                    salt: digest
                )
            ),
            .challengeUnit(ChallengeUnit(claim: digest, unit: 1, bond: amount)),
            .openChannel(OpenChannel(provider: one.address, adapter: digest, deposit: amount)),
            .closeChannel(channel: digest),
            .settle(
                Settle(
                    inferenceClaim: digest,
                    attributionClaim: digest,
                    vouchers: [
                        Voucher(channel: digest, cumulative: amount, signature: one.sign([2]))
                    ],
                    rows: rows ?? []
                )
            ),
            .rotateKey(RotateKey(key: one.key, proof: one.sign([3]))),
            .setCommission(perMille: 1_000), .signalVersion(2),
        ]
    }()

    @Test("every action keeps its tag and its bytes")
    func actionBytes() throws {
        #expect(Self.actions.map(\.kind) == Action.Kind.allCases)
        var writer = BorshWriter()
        for action in Self.actions {
            let bytes = action.borshBytes
            #expect(bytes[0] == action.kind.rawValue)
            #expect(try Action(borsh: bytes) == action)
            writer.writeBytes(bytes)
        }
        #expect(
            Hex.encode(artifactID(of: writer.bytes).bytes)
                == "28f1ea93aa271d656b9937dd95e64b9a47a8a03bbf8eac30edeafa58c70f8ec7"
        )
    }

    @Test(
        "an action with any of its bytes missing, or one too many, is refused",
        arguments: actions
    )
    func truncated(action: Action) {
        let bytes = action.borshBytes
        for count in 0..<bytes.count {
            #expect(throws: BorshError.self) { try Action(borsh: Array(bytes.prefix(count))) }
        }
        #expect(throws: BorshError.self) { try Action(borsh: bytes + [0]) }
    }

    @Test("flipped bits decode to something else or not at all, and never trap")
    func flipped() throws {
        var generator = SeededGenerator(seed: 5)
        for action in Self.actions {
            let bytes = action.borshBytes
            for _ in 0..<200 {
                var changed = bytes
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                changed[place] ^= UInt8.random(in: 1...255, using: &generator)
                if let decoded = try? Action(borsh: changed) {
                    #expect(decoded.borshBytes == changed, "one value has one encoding")
                }
            }
        }
    }

    @Test("values out of range are refused: tags, parts of a thousand, order, lengths")
    func ranges() throws {
        #expect(throws: BorshError.tagOutOfRange(offset: 0, tag: 22)) {
            try Action(borsh: [22])
        }
        var datanet = Self.actions[5].borshBytes
        datanet[datanet.count - 2] = 0xe9
        datanet[datanet.count - 1] = 0x03
        #expect(throws: BorshError.self) { try Action(borsh: datanet) }
        #expect(throws: BorshError.self) {
            try Action(borsh: [Action.Kind.setCommission.rawValue, 0xe9, 0x03])
        }
        let two = [Actor(1).address, Actor(2).address].sorted()
        let unsorted = AdmissionRule.curated([two[1], two[0]]).borshBytes
        #expect(throws: BorshError.self) { try AdmissionRule(borsh: unsorted) }
        var writer = BorshWriter()
        writer.write(Action.Kind.createDatanet.rawValue)
        writer.writeBytes(Array(repeating: 65, count: ActionLimit.name + 1))
        #expect(
            throws: BorshError.lengthOverLimit(
                offset: 1,
                length: ActionLimit.name + 1,
                limit: ActionLimit.name
            )
        ) { try Action(borsh: writer.bytes) }
    }

    @Test("blocks, receipts, events and genesis read back what they wrote")
    func roundTrips() throws {
        let world = try World()
        let genesis = try Genesis(borsh: world.genesis.borshBytes)
        #expect(genesis == world.genesis)
        let (_, adapter) = try world.committedAdapter()
        try world.finish(
            try world.send(
                world.users[5],
                .submitClaim(try world.adapterClaim(.training, adapter))
            )
        )
        for event in world.events { #expect(try Event(borsh: event.borshBytes) == event) }
        for refusal in Refusal.allCases {
            let receipt = Receipt(
                transaction: .zero,
                result: .refused(refusal),
                fee: World.fee
            )
            #expect(try Receipt(borsh: receipt.borshBytes) == receipt)
        }
        let transactions = [try transfer()]
        var header = try header()
        header.transactionsRoot = Block.transactionsRoot(transactions)
        header.evidenceRoot = Block.evidenceRoot([])
        header.lastCommitHash = Block.lastCommitHash(nil)
        let block = Block(
            header: header,
            transactions: transactions,
            evidence: [],
            lastCommit: nil
        )
        let decoded = try Block(borsh: block.borshBytes)
        #expect(decoded == block)
        #expect(decoded.contentsMatchHeader)
        #expect(
            !Block(header: header, transactions: [], evidence: [], lastCommit: nil)
                .contentsMatchHeader
        )
    }
}
