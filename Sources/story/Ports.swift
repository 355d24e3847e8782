import Foundation
import NIOCore
import NIOPosix

/// Finds ports on loopback that nobody listens on.
enum Ports {
    /// The first of `count` free ports in a row. Another program may take one before the nodes
    /// do; then the step fails with the node's own sentence.
    static func firstOfFree(_ count: Int) throws -> Int {
        for base in stride(from: 21_000 + Int(getpid()) % 500 * 16, to: 60_000, by: count)
        where (base..<base + count).allSatisfy(isFree) {
            return base
        }
        throw StoryFailure("there are no \(count) free ports in a row on this machine")
    }

    private static func isFree(_ port: Int) -> Bool {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        guard let channel = try? bootstrap.bind(host: "127.0.0.1", port: port).wait() else {
            return false
        }
        try? channel.close().wait()
        return true
    }
}
