import ArgumentParser
import Cryptography
import JSON
import Ledger
import Node
import Primitives

extension ValidatorCommand {
    /// Names the hot key that replaces the one in service.
    struct RotateKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-key",
            abstract: "Give the sender's validator a new hot key.",
            discussion: """
                It serves from the epoch after the next one on. Until then, and for as long as \
                claims wait for verdicts of the old key, the node needs both: the old one as \
                keys.validator, the new one as keys.next_validator. The old key stays punishable \
                for what it signed.
                """
        )
        @Option(help: "The new hot key's file.") var hotKey: String
        @Option(help: "A file whose first line is the hot key's password.")
        var hotPasswordFile: String?
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            let (key, proof) = try sender.proof(ofKey: hotKey, passwordFile: hotPasswordFile)
            let sent = try await sender.send(.rotateKey(Ledger.RotateKey(key: key, proof: proof)))
            options.show(sent, [.init(key: "hotKey", value: .string("\(key)"))])
        }
    }

    struct Commission: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change the commission of the sender's validator.",
            discussion: """
                At most once in commissionHeights and by at most commissionChangePerMille. What \
                was earned before is shared by the old commission.
                """
        )
        @Argument(help: "The owner's part of rewards before they are shared, in thousandths.")
        var perMille: UInt16
        @OptionGroup var options: SendingOptions

        func validate() throws {
            guard perMille <= 1_000 else { throw ValidationError("a commission is 0 to 1000") }
        }

        func run() async throws {
            let sender = try await options.sender()
            options.show(try await sender.send(.setCommission(perMille: perMille)))
        }
    }

    /// A vote for a new version of the protocol, with the validator's power.
    struct Signal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say which protocol version the sender's validator is ready for.",
            discussion: """
                Only the version after the chain's can be named; the chain's own takes it back. \
                At the end of an epoch in which more than two thirds of the next set are ready, \
                the version gets its first height, upgradeNoticeHeights later.
                """
        )
        @Argument(help: "The version.") var version: UInt32
        @OptionGroup var options: SendingOptions

        func run() async throws {
            let sender = try await options.sender()
            options.show(try await sender.send(.signalVersion(version)))
        }
    }
}

extension Sender {
    /// A hot key, and its word that it may be this sender's validator.
    func proof(
        ofKey file: String,
        passwordFile: String?
    ) throws -> (key: PublicKey, proof: Signature) {
        let hot = try KeyStore.open(file) { Password.given(file: passwordFile) }
        let message = RegisterValidator.proofBytes(chain: info.chain, owner: address)
        return (hot.publicKey, hot.sign(message))
    }
}
