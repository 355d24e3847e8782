import ArgumentParser
import Foundation
import JSON
import Node
import RPC
import Synchronization

/// All validators of a devnet, each in a process of its own, until Ctrl-C.
struct DevnetStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Run all validators of a devnet, which is made first if there is none.",
        discussion: """
            Options of the network count only when it is made. Each validator's log is HOME/log; \
            Ctrl-C stops them all.
            """
    )
    @OptionGroup var network: DevnetOptions

    func run() async throws {
        let root = network.home.path
        if !FileManager.default.fileExists(atPath: root + "/genesis.json") {
            let plan = try network.plan()
            try network.write(plan)
            DevnetBanner.printNetwork(plan, root)
            DevnetBanner.printNext(plan, root)
            print("")
        }
        let homes = try Self.homes(in: root)
        let urls = try homes.map(Self.url)
        let children = ChildProcesses()
        let signals = children.stopOnSignals()
        defer { for source in signals { source.cancel() } }
        do {
            for home in homes { try children.start(home) }
            try await follow(homes, urls, children)
        } catch {
            children.stopAll()
            throw error
        }
    }

    private static func homes(in root: String) throws -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let numbers = names.compactMap { name in
            name.hasPrefix("validator-") ? Int(name.dropFirst("validator-".count)) : nil
        }
        guard !numbers.isEmpty else {
            throw CommandFailure(.environment, "there are no homes of validators in \(root)")
        }
        return numbers.sorted().map { "\(root)/validator-\($0)" }
    }

    /// Where a validator's RPC will listen.
    private static func url(_ home: String) throws -> String {
        let settings = try SettingOptions.parse([]).effective(file: home + "/config.toml")
        return "http://127.0.0.1:\(settings.configuration.rpc.port)"
    }

    /// Waits until all answer, then writes a line for each new block that has transactions, until a
    /// validator ends.
    private func follow(
        _ homes: [String],
        _ urls: [String],
        _ children: ChildProcesses
    ) async throws {
        let clients = urls.map { NodeClient(url: $0) }
        var ready = 0
        var height: UInt64 = 0
        while true {
            if let ended = children.firstEnded() {
                throw CommandFailure(
                    .environment,
                    "the validator of \(ended) has ended; its log says why: \(ended)/log"
                )
            }
            if ready < clients.count {
                if (try? await clients[ready].call("chain_status")) != nil {
                    print("Listening: \(urls[ready]), log \(homes[ready])/log")
                    ready += 1
                    continue
                }
            } else {
                height = await report(clients[0], from: height)
            }
            fflush(nil)
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    /// - Returns: the height up to which blocks have been told.
    private func report(_ client: NodeClient, from height: UInt64) async -> UInt64 {
        guard let status = try? await client.call("chain_status"),
            let newest = status["height"]?.integer(UInt64.self), newest > height
        else { return height }
        for number in height + 1...newest {
            let block = try? await client.call("chain_block", [.integer(number)])
            let count = block?["transactions"]?.array?.count ?? 0
            if number == 1 || count > 0 { print("block \(number): \(count) transactions") }
        }
        return newest
    }
}

/// The processes of a devnet, so that none outlives the command.
private final class ChildProcesses: Sendable {
    private let running = Mutex<[(home: String, process: Process)]>([])

    func start(_ home: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["node", "run", "--home", home]
        process.standardInput = FileHandle.nullDevice
        try InputFile.write([], to: home + "/log")
        let log = try CommandFailure.wrap(.environment) {
            try FileHandle(forWritingTo: URL(filePath: home + "/log"))
        }
        process.standardOutput = log
        process.standardError = log
        try CommandFailure.wrap(.environment) { try process.run() }
        running.withLock { $0.append((home, process)) }
    }

    /// The home of a process that has ended by itself.
    func firstEnded() -> String? {
        running.withLock { $0.first { !$0.process.isRunning }?.home }
    }

    /// Asks all to end, and waits until they have.
    func stopAll() {
        let processes = running.withLock { $0.map(\.process) }
        for process in processes where process.isRunning { process.terminate() }
        for process in processes { process.waitUntilExit() }
    }

    /// Works for as long as the result is kept.
    func stopOnSignals() -> [any DispatchSourceSignal] {
        [SIGINT, SIGTERM, SIGHUP].map { number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                self.stopAll()
                fflush(nil)
                _exit(0)
            }
            source.resume()
            return source
        }
    }
}
