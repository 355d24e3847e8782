import ArgumentParser
import Foundation
import JSON
import Ledger
import Node
import Primitives
import Storage

extension KeysCommand {
    /// Writes what the hot key signed last, for the machine that takes over.
    struct ExportSigningRecord: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export-signing-record",
            abstract:
                "Print what this home's hot key signed last, for the machine that takes over.",
            discussion: """
                The node must be stopped, and must not sign on this machine again: whatever it \
                signs later is missing from what was printed.
                """
        )
        @OptionGroup var home: HomeOptions

        func run() throws {
            let home = NodeHome(path: home.path)
            let genesis = try HomeAdministration.genesis(home)
            guard FileManager.default.fileExists(atPath: home.signed) else {
                throw CommandFailure(
                    .notFound,
                    "nothing was signed here: there is no \(home.signed)"
                )
            }
            let record: SigningRecord? = try CommandFailure.wrap(.environment) {
                let lock = try HomeLock(home: home.path)
                defer { withExtendedLifetime(lock) {} }
                let guardian = try SignGuard(
                    path: home.signed,
                    genesis: genesis.hash,
                    chainHasBlocks: true
                )
                return guardian.record(genesis: genesis.hash)
            }
            guard let record else {
                throw CommandFailure(.notFound, "nothing was signed here")
            }
            print(record.json.prettyText)
            Remark.write("This machine must not sign again; remove its hot key.")
        }
    }

    /// Goes on from another machine's record, and never backwards.
    struct ImportSigningRecord: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import-signing-record",
            abstract: "Take over what another machine's hot key signed last.",
            discussion: """
                A record that is older than this home's is refused. It must be the newest there is: \
                an older one permits to sign twice, which costs the stake.
                """
        )
        @Argument(help: "What export-signing-record printed.") var file: String
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let home = NodeHome(path: home.path)
            let genesis = try HomeAdministration.genesis(home)
            guard let json = try? JSON.parse(try InputFile.read(file)),
                let record = SigningRecord(json: json)
            else { throw CommandFailure(.badInput, "\(file) is no signing record") }
            guard record.genesis == genesis.hash else {
                throw CommandFailure(.badInput, "\(file) belongs to another chain")
            }
            do {
                let lock = try HomeLock(home: home.path)
                defer { withExtendedLifetime(lock) {} }
                var guardian = try SignGuard(
                    path: home.signed,
                    genesis: genesis.hash,
                    chainHasBlocks: false
                )
                try guardian.adopt(record)
            } catch SignGuardError.goesBack(let asked, let last) {
                throw CommandFailure(
                    .refused,
                    "this home has signed at \(last) already, later than \(asked)"
                )
            } catch {
                throw CommandFailure(.environment, "\(error)")
            }
            output.show(["signed": .string("\(record.position)"), "home": .string(home.path)])
        }
    }
}

extension SigningRecord {
    private static let format = 1

    var json: JSON {
        [
            "format": .integer(Self.format), "genesis": .string("\(genesis)"),
            "height": .integer(position.height), "round": .integer(position.round),
            "step": .integer(position.step.rawValue), "digest": .string("\(digest)"),
            "sent": .bool(isLogged),
        ]
    }

    init?(json: JSON) {
        guard json["format"]?.integer(Int.self) == Self.format,
            let genesis = json["genesis"]?.string.flatMap({ DigestArgument(argument: $0) }),
            let height = json["height"]?.integer(UInt64.self),
            let round = json["round"]?.integer(UInt32.self),
            let step = json["step"]?.integer(UInt8.self).flatMap({ SignPosition.Step(rawValue: $0) }
            ),
            let digest = json["digest"]?.string.flatMap({ DigestArgument(argument: $0) }),
            case .bool(let isLogged)? = json["sent"]
        else { return nil }
        self.init(
            genesis: genesis.digest,
            position: SignPosition(height: height, round: round, step: step),
            digest: digest.digest,
            isLogged: isLogged
        )
    }
}
