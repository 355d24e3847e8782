// The command line. Commands talk to nodes by JSON-RPC and HTTP only; results go to standard
// output, everything else to standard error, and the exit status says what kind of failure it was.

import ArgumentParser
import Foundation

@main
struct OpenLedger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openledger",
        abstract: "A proof-of-stake network that pays the people whose data made a model useful.",
        subcommands: [
            NodeCommand.self, SignerCommand.self, ValidatorCommand.self, KeysCommand.self,
            TransactionCommand.self,
            QueryCommand.self,
            DatanetCommand.self, ModelCommand.self, FactoryCommand.self,
            AdapterCommand.self, AttributionCommand.self, ClaimCommand.self, ChannelCommand.self,
            ServeCommand.self, LightCommand.self, SnapshotCommand.self, DevnetCommand.self,
            ConfigCommand.self,
            GenesisCommand.self, BackupCommand.self, RestoreCommand.self, PruneCommand.self,
            DoctorCommand.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard let failure = CommandFailure(error) else { exit(withError: error) }
            FileHandle.standardError.write(Data("error: \(failure.message)\n".utf8))
            // Not `exit`: it would destroy the database's statics under threads that still run.
            fflush(nil)
            _exit(failure.kind.rawValue)
        }
    }
}
