import ArgumentParser
import Foundation
import JSON
import Ledger
import Node
import Storage

/// A home as an administrator works on it: through its running node if there is one, else alone.
enum HomeAdministration {
    /// Longer than any copy of a database should take.
    private static let patienceSeconds = 3_600

    /// The answer of the node that runs on the home; nil when none does.
    static func call(_ home: NodeHome, _ request: JSON) throws -> JSON? {
        let connection: UnixConnection
        do {
            connection = try UnixConnection(
                to: home.adminSocket,
                timeoutSeconds: patienceSeconds
            )
        } catch StorageError.missing {
            return nil
        } catch StorageError.refusedConnection {
            return nil
        } catch {
            throw CommandFailure(.environment, "\(error)")
        }
        let answer: JSON?
        do {
            try connection.send(request.compactBytes)
            answer = try connection.receive().flatMap { try? JSON.parse($0) }
        } catch {
            throw CommandFailure(.unavailable, "the node does not answer: \(error)")
        }
        guard let answer else {
            throw CommandFailure(.unavailable, "the node ended before it answered")
        }
        if let sentence = answer["error"]?.string { throw CommandFailure(.environment, sentence) }
        return answer
    }

    /// The home's genesis, as its configuration names it.
    static func genesis(_ home: NodeHome) throws -> Genesis {
        let settings = try SettingOptions.parse([]).effective(file: home.path + "/config.toml")
        let name = settings.configuration.chain.genesis
        let path = name.hasPrefix("/") ? name : home.path + "/" + name
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(.environment, "\(home.path) is no node's home: it has no \(name)")
        }
        return try CommandFailure.wrap(.badInput) { try GenesisFile.read(InputFile.read(path)) }
    }

    /// Runs `body` on the database of a home that no node runs on.
    static func alone<Value>(_ home: NodeHome, _ body: (Database) throws -> Value) throws -> Value {
        let genesis = try genesis(home)
        guard FileManager.default.fileExists(atPath: home.database) else {
            throw CommandFailure(.environment, "\(home.path) has no chain yet")
        }
        return try CommandFailure.wrap(.environment) {
            let lock = try HomeLock(home: home.path)
            defer { withExtendedLifetime(lock) {} }
            return try body(try Database(path: home.database, genesis: genesis))
        }
    }
}
