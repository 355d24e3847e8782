import Foundation
import Logging
import Peers
import Primitives

/// Where a node keeps what it knows of others between runs. Losing it costs nothing but time, so
/// nothing about it stops a node.
struct PeerFile: Sendable {
    let path: String
    let logger: Logger

    /// What an earlier run has left; nil when there is nothing, or nothing that decodes.
    func load() -> PeerDirectory? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do { return try PeerDirectory(borsh: Array(data)) } catch {
            logger.warning("the known peers do not decode and are forgotten: \(error)")
            return nil
        }
    }

    func save(_ directory: PeerDirectory) {
        do {
            try Data(directory.borshBytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            logger.warning("the known peers were not saved: \(error)")
        }
    }
}
