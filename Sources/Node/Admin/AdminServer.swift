// What only the node's own user may ask: it comes through a socket file of mode 0600 in the home,
// never by HTTP.

import Foundation
import JSON
package import Logging
import Primitives
import ServiceLifecycle
package import Storage

/// Answers JSON objects with JSON objects, one call after another.
///
/// `{"call": "backup", "into": PATH}` writes a copy of the database; `{"call": "prune", "states": N,
/// "blocks": N}` forgets the past. A refusal is `{"error": SENTENCE}`.
package struct AdminServer: Service {
    private let listener: UnixListener
    private let database: Database
    private let logger: Logger

    /// - Parameter path: the socket's file; the caller holds the home's lock.
    package init(path: String, database: Database, logger: Logger) throws(StorageError) {
        listener = try UnixListener(path: path)
        self.database = database
        self.logger = logger
    }

    package func run() async throws {
        let listener = listener
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { done in
                    // A thread of its own: a copy of a large database takes its time.
                    Thread.detachNewThread {
                        serve()
                        done.resume()
                    }
                }
            } onGracefulShutdown: {
                listener.stop()
            }
        } onCancel: {
            listener.stop()
        }
    }

    private func serve() {
        while let connection = try? listener.accept() {
            do {
                while let request = try connection.receive() {
                    try connection.send(answer(request).compactBytes)
                }
            } catch {
                logger.notice("an administrator's call broke off", metadata: ["why": "\(error)"])
            }
        }
    }

    private func answer(_ bytes: [UInt8]) -> JSON {
        guard let request = try? JSON.parse(bytes), let call = request["call"]?.string else {
            return ["error": "a call is a JSON object with the member \"call\""]
        }
        logger.notice("an administrator calls", metadata: ["call": "\(call)"])
        do {
            switch call {
            case "backup":
                guard let path = request["into"]?.string, path.hasPrefix("/") else {
                    return ["error": "\"into\" must be an absolute path"]
                }
                try database.checkpoint(into: path)
                return ["into": .string(path)]
            case "prune":
                let pruned = try database.prune(
                    to: Retention(
                        states: request["states"]?.integer(UInt64.self) ?? 0,
                        blocks: request["blocks"]?.integer(UInt64.self) ?? 0
                    )
                )
                return [
                    "earliestState": .integer(pruned.earliestState),
                    "earliestBlock": .integer(pruned.earliestBlock.value),
                ]
            default: return ["error": .string("there is no call \"\(call)\"")]
            }
        } catch {
            return ["error": .string("\(error)")]
        }
    }
}
