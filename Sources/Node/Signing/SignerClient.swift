package import Primitives
package import Storage
import Synchronization

/// A validator's hot key in a process of its own, reached by a socket file of mode 0600.
package final class SignerClient: Sendable {
    /// Longer than a synchronised write takes, and shorter than a round.
    private static let patienceSeconds = 2

    package let path: String
    package let standing: SignerStanding
    private let connection: Mutex<UnixConnection?>

    /// Asks the signer who it is; refuses one of another chain.
    package init(path: String, genesis: Digest) throws(SignGuardError) {
        self.path = path
        let opened = try Self.connect(path)
        let answer = try Self.ask(.hello, opened)
        guard case .hello(let standing) = answer else {
            throw .signer("\(path) answers a greeting with something else")
        }
        guard standing.genesis == genesis else { throw .otherChain(path: path) }
        self.standing = standing
        connection = Mutex(opened)
    }

    /// The answer to one call. A connection that has broken off is opened once more: a signer that
    /// was restarted has its record, and gives the same signature again.
    package func call(_ call: SignerCall) throws(SignGuardError) -> SignerAnswer {
        let answer = connection.withLock { connection -> Result<SignerAnswer, SignGuardError> in
            if let open = connection, let answer = try? Self.ask(call, open) {
                return .success(answer)
            }
            connection = nil
            do throws(SignGuardError) {
                let opened = try Self.connect(path)
                let answer = try Self.ask(call, opened)
                connection = opened
                return .success(answer)
            } catch {
                return .failure(error)
            }
        }
        let given = try answer.get()
        if case .refused(let sentence) = given { throw .signer(sentence) }
        return given
    }

    private static func connect(_ path: String) throws(SignGuardError) -> UnixConnection {
        do { return try UnixConnection(to: path, timeoutSeconds: patienceSeconds) } catch {
            throw .signer("the signer cannot be reached: \(error)")
        }
    }

    private static func ask(
        _ call: SignerCall,
        _ connection: UnixConnection
    ) throws(SignGuardError) -> SignerAnswer {
        let bytes: [UInt8]?
        do {
            try connection.send(call.borshBytes)
            bytes = try connection.receive()
        } catch {
            throw .signer("the signer does not answer: \(error)")
        }
        guard let bytes, let answer = try? SignerAnswer(borsh: bytes) else {
            throw .signer("the signer broke off")
        }
        return answer
    }
}
