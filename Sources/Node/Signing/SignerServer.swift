// The process that has a validator's hot key and its record, apart from everything that hears the
// network.

import Cryptography
package import Ledger
package import Logging
import Primitives
import Replica
package import Storage
import Voting

/// Signs for one node at a time, whatever its record permits.
package struct SignerServer: ~Copyable, Sendable {
    private let key: HotKey
    private let genesis: Genesis
    private let lock: HomeLock
    private let listener: UnixListener
    private let logger: Logger
    private var signer: ValidatorSigner

    /// - Parameters:
    ///   - key: of this process.
    ///   - lock: of the directory with the record.
    ///   - guardian: the record of everything that the key has signed.
    package init(
        key: HotKey,
        genesis: Genesis,
        lock: HomeLock,
        guardian: consuming SignGuard,
        listener: UnixListener,
        logger: Logger
    ) {
        self.key = key
        self.genesis = genesis
        self.lock = lock
        self.listener = listener
        self.logger = logger
        signer = ValidatorSigner(keys: [key], chain: genesis.chain, guardian: guardian)
    }

    /// Answers until the listener is stopped. A second node waits until the first has gone, so that
    /// two with one key never sign in turns.
    package mutating func serve() throws(StorageError) {
        while let connection = try listener.accept() {
            logger.info("a node connects")
            do {
                while let message = try connection.receive() {
                    let answer: SignerAnswer
                    if let call = try? SignerCall(borsh: message) {
                        answer = self.answer(call)
                    } else {
                        answer = .refused("the call does not decode")
                    }
                    try connection.send(answer.borshBytes)
                }
            } catch {
                logger.notice("the connection broke off", metadata: ["why": "\(error)"])
            }
        }
    }

    package mutating func answer(_ call: SignerCall) -> SignerAnswer {
        do throws(SignGuardError) {
            switch call {
            case .hello:
                return .hello(
                    SignerStanding(
                        key: key.publicKey,
                        genesis: genesis.hash,
                        last: signer.last,
                        logged: signer.logged
                    )
                )
            case .sign(let request):
                switch try signer.sign(request, with: key.publicKey) {
                case nil: return .refused("the signer has no key")
                case .vote(let signed): return .signature(signed.signature)
                case .proposal(let signed): return .signature(signed.signature)
                case .beacon(_, let proof): return .proof(proof)
                }
            case .confirm(let position):
                try signer.confirm(position)
                return .done
            case .verdict(let body):
                guard body.chain == genesis.chain, body.isVerdict else {
                    return .refused("the hot key's account sends verdicts of its chain only")
                }
                return .signature(try key.sign(body).signature)
            case .salt(let claim, let panel):
                return .salt(try key.salt(claim: claim, panel: panel))
            }
        } catch {
            logger.error("refused", metadata: ["reason": "\(error)"])
            return .refused("\(error)")
        }
    }
}

extension Transaction {
    /// What a validator's hot key may send: verdicts, which carry no fee.
    fileprivate var isVerdict: Bool {
        switch action {
        case .commitVerdict, .revealVerdict: fee == .zero
        default: false
        }
    }
}
