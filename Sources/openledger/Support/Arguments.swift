// Values of the chain as arguments.

import ArgumentParser
import Foundation
import Primitives

/// `0x` and 64 hexadecimal digits.
struct DigestArgument: ExpressibleByArgument, Sendable {
    let digest: Digest

    init?(argument: String) {
        guard argument.hasPrefix("0x"), let bytes = Hex.decode(argument),
            let digest = Digest(bytes)
        else { return nil }
        self.digest = digest
    }
}

/// Decimal OPEN, such as `12` or `0.5`.
struct AmountArgument: ExpressibleByArgument, Sendable {
    let amount: Amount

    init?(argument: String) {
        guard let amount = try? Amount(decimal: argument) else { return nil }
        self.amount = amount
    }
}

/// Where the commands keep their files.
struct HomeOptions: ParsableArguments {
    @Option(name: .long, help: "The home directory (OPENLEDGER_HOME; ~/.openledger).")
    var home: String?

    var path: String {
        let environment = ProcessInfo.processInfo.environment
        let chosen = home ?? environment["OPENLEDGER_HOME"] ?? "~/.openledger"
        return (chosen as NSString).expandingTildeInPath
    }
}

enum InputFile {
    /// A file's bytes, or one sentence.
    static func read(_ path: String) throws -> [UInt8] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(.badInput, "there is no file \(path)")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.badInput, "the file \(path) cannot be read")
        }
        return Array(data)
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure(
                .environment,
                "cannot write \(path): \((error as NSError).localizedDescription)"
            )
        }
    }

    static func makeDirectory(_ path: String, isPrivate: Bool = false) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: isPrivate ? [.posixPermissions: 0o700] : nil
            )
        } catch {
            throw CommandFailure(.environment, "the directory \(path) cannot be made")
        }
    }
}
