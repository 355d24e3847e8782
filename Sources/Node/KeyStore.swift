// Secret keys as files. Whoever can read an unsealed key can spend; so modes are checked before
// contents, and a file that others could have read is refused instead of mended.

package import Cryptography
import Foundation
import JSON
import Primitives
import Wallet

/// A directory of key files, one key each, named after the file without `.json`.
package struct KeyStore: Sendable {
    package enum Failure: Error, Equatable {
        case missing(path: String)
        case exists(path: String)
        case looseMode(path: String, mode: Int)
        case unreadable(path: String, detail: String)
        case unwritable(path: String, detail: String)
        case malformed(path: String, detail: String)
        case passwordNeeded(path: String)
        case wrongPassword(path: String)
        case badName(String)
    }

    package let directory: String

    package init(directory: String) { self.directory = directory }

    package func path(_ name: String) -> String { directory + "/" + name + ".json" }

    /// Names are part of file names, so they are kept plain.
    private static func check(name: String) throws(Failure) {
        let isPlain = name.utf8.allSatisfy {
            0x30...0x39 ~= $0 || 0x61...0x7a ~= $0 || 0x41...0x5a ~= $0 || $0 == 0x2d || $0 == 0x5f
        }
        guard isPlain, (1...64).contains(name.utf8.count) else { throw .badName(name) }
    }

    /// Names in ascending order; empty if there is no directory.
    package func names() throws(Failure) -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        } catch {
            throw .unreadable(path: directory, detail: "it cannot be listed")
        }
    }

    package func file(_ name: String) throws(Failure) -> KeyFile {
        try Self.check(name: name)
        return try Self.file(at: path(name))
    }

    package static func file(at path: String) throws(Failure) -> KeyFile {
        guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue else {
            throw .unreadable(path: path, detail: "its mode cannot be read")
        }
        guard mode & 0o077 == 0 else { throw .looseMode(path: path, mode: mode) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path, detail: "it cannot be opened")
        }
        do {
            return try KeyFile(json: try JSON.parse(Array(data), byteLimit: 65_536))
        } catch {
            throw .malformed(path: path, detail: "\(error)")
        }
    }

    /// Opens a key. The password is asked for only if the file is sealed.
    package static func open(
        _ path: String,
        password: () -> String?
    ) throws(Failure) -> SigningKey {
        switch try file(at: path).content {
        case .seed(let seed):
            do { return try SigningKey(seed: seed) } catch {
                throw .malformed(path: path, detail: "the seed has a wrong length")
            }
        case .sealed(let sealed):
            guard let password = password() else { throw .passwordNeeded(path: path) }
            do { return try sealed.open(password: password) } catch {
                throw .wrongPassword(path: path)
            }
        }
    }

    package func open(_ name: String, password: () -> String?) throws(Failure) -> SigningKey {
        try Self.check(name: name)
        return try Self.open(path(name), password: password)
    }

    /// Stores a key under a new name, sealed if there is a password.
    package func save(
        _ key: borrowing SigningKey,
        name: String,
        password: String?
    ) throws(Failure) {
        try Self.check(name: name)
        let path = path(name)
        let file: KeyFile
        if let password {
            do {
                file = KeyFile(
                    content: .sealed(try SealedSeed(sealing: key, password: password)),
                    publicKey: key.publicKey
                )
            } catch {
                throw .unwritable(path: path, detail: "the password cannot be used: \(error)")
            }
        } else {
            file = KeyFile(content: .seed(key.exposedSeed()), publicKey: key.publicKey)
        }
        try write(file.json.prettyText + "\n", to: path)
    }

    private func write(_ text: String, to path: String) throws(Failure) {
        let manager = FileManager.default
        do {
            try manager.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unwritable(path: directory, detail: "it cannot be made")
        }
        guard !manager.fileExists(atPath: path) else { throw .exists(path: path) }
        // Nobody else can enter the directory while the mode is being set.
        guard
            manager.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw .unwritable(path: path, detail: "it cannot be written") }
    }
}

extension KeyStore.Failure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path): "there is no key file \(path)"
        case .exists(let path): "the key file \(path) exists already"
        case .looseMode(let path, let mode):
            "\(path) may be read by others (mode \(String(mode, radix: 8))); its key may be known, "
                + "and if it is not: chmod 600 \(path)"
        case .unreadable(let path, let detail): "cannot read \(path): \(detail)"
        case .unwritable(let path, let detail): "cannot write \(path): \(detail)"
        case .malformed(let path, let detail): "\(path) is no key file: \(detail)"
        case .passwordNeeded(let path):
            "\(path) is sealed; give its password with --password-file or OPENLEDGER_PASSWORD"
        case .wrongPassword(let path): "the password does not open \(path)"
        case .badName(let name):
            "\"\(name)\" is no name for a key: letters, digits, - and _, at most 64"
        }
    }
}
