import Logging
import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// Keeps one configured peer connected: dials, waits for the connection to end, and tries again
/// after a pause that doubles up to a limit.
struct Dialer {
    let network: PeerNetwork
    let address: PeerAddress

    func run() async {
        let limits = network.configuration.limits
        var pause = limits.firstRetry
        var key = address.key
        while !Task.isCancelled {
            let start = NIODeadline.now()
            if let known = key, let link = network.link(to: known) {
                await wait(for: link)
            } else if let found = await dial(expecting: key) {
                key = found
            }
            // A connection that lasted shows that the peer is well; one that ended at once does not.
            if NIODeadline.now() - start > limits.longestRetry { pause = limits.firstRetry }
            await sleep(pause)
            pause = min(pause + pause, limits.longestRetry)
        }
    }

    private func dial(expecting key: PublicKey?) async -> PublicKey? {
        let found = FoundKey()
        do {
            let bootstrap = network.clientBootstrap(.configured, expecting: key) { identity in
                found.key.withLock { $0 = identity }
            }
            let channel = try await bootstrap.connect(host: address.host, port: address.port)
                .get()
            await withTaskCancellationHandler {
                try? await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            network.logger.debug(
                "no connection",
                metadata: ["peer": "\(address)", "error": "\(error)"]
            )
        }
        return found.key.withLock { $0 }
    }

    private func wait(for link: PeerLink) async {
        await withTaskCancellationHandler {
            try? await link.closed().get()
        } onCancel: {
            link.close()
        }
    }

    /// Spread by up to a quarter, so that nodes that fell together do not return together.
    private func sleep(_ pause: TimeAmount) async {
        let spread = Int64.random(in: 0...max(1, pause.nanoseconds / 4))
        try? await Task.sleep(for: .nanoseconds(pause.nanoseconds + spread))
    }
}

/// The key that a dialled peer proved, carried out of its event loop.
final class FoundKey: Sendable {
    let key = Mutex(nil as PublicKey?)
}
