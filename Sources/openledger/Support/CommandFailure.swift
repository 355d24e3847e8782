import Node

/// Why a command ends without success: one sentence, and the kind that its exit status tells.
struct CommandFailure: Error, Equatable {
    /// Exit statuses, documented in docs/cli.md; they never change their meaning.
    enum Kind: Int32 {
        case failed = 1
        /// A file or a value that was given is malformed.
        case badInput = 2
        /// No node answers, or it cannot serve now.
        case unavailable = 3
        /// The chain refuses the transaction.
        case refused = 4
        case notFound = 5
        /// A proof, a hash or an adapter is not what it should be.
        case verificationFailed = 6
        /// A key is missing, sealed, or not kept safely.
        case key = 7
        /// A home directory, a disk, a port, or libraries that do not give the network's results.
        case environment = 8
        /// The chain goes on with a protocol version that this program does not know.
        case upgradeNeeded = 9
    }

    let kind: Kind
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// What an error of the parts beneath means to the caller; nil for errors that say nothing to
    /// them.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let failure as KeyStore.Failure: self.init(.key, failure.description)
        case let failure as ConfigurationError: self.init(.badInput, failure.description)
        case let failure as GenesisFileError: self.init(.badInput, failure.description)
        default: return nil
        }
    }

    /// Runs `body`; what it throws becomes a failure of this kind.
    static func wrap<Value: ~Copyable>(_ kind: Kind, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch {
            throw CommandFailure(error) ?? CommandFailure(kind, "\(error)")
        }
    }
}
