import Cryptography
import Logging
import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// Looks for peers that the operator has not named, until each outbound slot has one, and tries an
/// address now and then so that the book knows what its entries are worth.
struct PeerFinder {
    let network: PeerNetwork

    func run() async {
        let limits = network.configuration.limits
        await withTaskGroup(of: Void.self) { tasks in
            var lastFeeler = NIODeadline.now()
            while !Task.isCancelled {
                try? await Task.sleep(for: .nanoseconds(limits.searchInterval.nanoseconds))
                let found = network.state.withLock { state in
                    state.registry.all.filter { $0.origin == .found }
                }
                if found.count < limits.outboundPeers {
                    if let address = candidate(beside: found, onlyNew: false) {
                        tasks.addTask { await dial(address, .found) }
                    }
                } else if NIODeadline.now() - lastFeeler >= limits.feelerInterval {
                    lastFeeler = .now()
                    if let address = contested() ?? candidate(beside: [], onlyNew: true) {
                        tasks.addTask { await dial(address, .feeler) }
                    }
                }
            }
        }
    }

    /// An address in a group that no found peer is of, unconnected so far.
    private func candidate(beside found: [PeerLink], onlyNew: Bool) -> NetworkAddress? {
        let groups = Set(found.compactMap { $0.address?.group })
        let (peers, hosts) = network.state.withLock { state in
            let links = state.registry.all
            return (Set(links.map(\.peer)), Set(links.compactMap(\.address)))
        }
        let ours = network.identity.publicKey
        let now = PeerNetwork.now()
        return network.directory.withLock { directory in
            var generator = SystemRandom()
            let bans = directory.bans
            return directory.book.candidate(onlyNew: onlyNew, now: now, using: &generator) {
                address,
                entry in
                if groups.contains(address.group) || hosts.contains(address) { return true }
                if bans.isBanned(host: address, now: now) { return true }
                guard let key = entry.key else { return false }
                return key == ours || peers.contains(key) || bans.isBanned(key, now: now)
            }
        }
    }

    /// A tried address whose place another one wants.
    private func contested() -> NetworkAddress? {
        network.directory.withLock { $0.book.contests.first?.incumbent }
    }

    private func dial(_ address: NetworkAddress, _ origin: PeerLink.Origin) async {
        let proved = FoundKey()
        do {
            let bootstrap = network.clientBootstrap(origin, expecting: nil) { identity in
                proved.key.withLock { $0 = identity }
            }
            let channel = try await bootstrap.connect(host: address.host, port: Int(address.port))
                .get()
            await withTaskCancellationHandler {
                try? await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            network.logger.debug("no connection", metadata: ["peer": "\(address)"])
        }
        guard proved.key.withLock({ $0 }) == nil else { return }
        let now = PeerNetwork.now()
        network.directory.withLock { $0.book.failed(address, now: now) }
    }
}
