import Cryptography
import Ledger
import Logging
import Peers
import Primitives
import Replica
import StateTree

/// A peer that offers snapshots and gives nothing true.
final class SnapshotLiar: Sendable {
    enum Kind: Sendable {
        /// Gives entries of its own invention.
        case wrongParts
        /// Never answers after its offer.
        case withholding
    }

    let port: Int
    private let network: PeerNetwork
    private let tasks: [Task<Void, any Error>]

    init(_ kind: Kind, seed: UInt8, genesis: Genesis, offers: [Height]) async throws {
        var logger = Logger(label: "liar")
        logger.logLevel = .critical
        let network = PeerNetwork(
            configuration: .init(
                context: HandshakeContext(
                    chain: genesis.chain.borshBytes,
                    genesis: genesis.hash
                ),
                host: "127.0.0.1",
                port: 0
            ),
            identity: PeerIdentity(
                signedBy: try SigningKey(seed: [UInt8](repeating: seed, count: 32))
            ),
            logger: logger
        )
        self.network = network
        port = try await network.listen()
        tasks = [
            Task { try await network.run() },
            Task {
                for await event in network.events {
                    guard case .message(let received) = event, received.channel == .stateSync,
                        let message = try? StateSyncMessage(borsh: received.bytes),
                        let answer = Self.answer(message, kind, offers)
                    else { continue }
                    network.send(answer.borshBytes, on: .stateSync, to: received.peer)
                }
            },
        ]
    }

    private static func answer(
        _ message: StateSyncMessage,
        _ kind: Kind,
        _ offers: [Height]
    ) -> StateSyncMessage? {
        switch (message, kind) {
        case (.wantOffers(let number), _): .offers(number: number, offers)
        case (_, .withholding): nil
        case (.wantHeader(let number, _), .wrongParts): .header(number: number, nil)
        case (.wantPart(let number, _, _), .wrongParts):
            .part(number: number, .entries([TreePart.Entry(key: [1], value: [2])]))
        default: nil
        }
    }

    func stop() async {
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
    }
}
