// The checks of `openledger doctor` that need the home and its machine only; those that ask its
// node and peers are in Examination+Network.swift.

import ArgumentParser
import Cryptography
import ExactMath
import Foundation
import Ledger
import Node
import Primitives
import Replica
import Storage

/// An examination of one home.
struct Examination: Sendable {
    let home: NodeHome
    /// How many of the last blocks are read; 0 reads all.
    let blocks: UInt64

    func findings() async -> [Finding] {
        var findings: [Finding] = []
        guard let configuration = configuration(&findings) else { return findings }
        findings.append(libraries(threads: configuration.verifier.threads))
        findings += disk()
        findings.append(writing())
        guard let genesis = genesis(configuration, &findings) else { return findings }
        findings += keys(configuration)
        findings.append(record(genesis, isValidator: !configuration.keys.validator.isEmpty))
        let status = await status(configuration)
        if let status {
            findings += await running(status, configuration, genesis)
        } else {
            findings.append(database(genesis))
            findings += await ports(configuration)
            findings += await reachability(configuration)
        }
        return findings
    }

    private func configuration(_ findings: inout [Finding]) -> Configuration? {
        let path = home.path + "/config.toml"
        guard FileManager.default.fileExists(atPath: path) else {
            findings.append(
                .fail("configuration", "there is no \(path); openledger node init makes a home")
            )
            return nil
        }
        do {
            let configuration = try SettingOptions.parse([]).effective(file: path).configuration
            findings.append(.ok("configuration", "\(path) is well-formed"))
            return configuration
        } catch {
            findings.append(
                .fail("configuration", "\(CommandFailure(error)?.message ?? "\(error)")")
            )
            return nil
        }
    }

    private func genesis(_ configuration: Configuration, _ findings: inout [Finding]) -> Genesis? {
        do {
            let genesis = try HomeAdministration.genesis(home)
            findings.append(.ok("genesis", "\(genesis.chain), \(genesis.hash)"))
            return genesis
        } catch {
            findings.append(.fail("genesis", "\(CommandFailure(error)?.message ?? "\(error)")"))
            return nil
        }
    }

    private func libraries(threads: Int) -> Finding {
        do {
            ExactRuntime.setThreads(threads)
            try SelfCheck.run()
            try ExactRuntime.selfCheck()
            return .ok("libraries", "signatures and products come out as the network's")
        } catch {
            return .fail(
                "libraries",
                "this machine's libraries do not give the network's results: \(error)"
            )
        }
    }

    // MARK: Disk

    private static let gibibyte = 1_073_741_824.0

    private func disk() -> [Finding] {
        guard
            let system = try? FileManager.default.attributesOfFileSystem(forPath: home.path),
            let free = (system[.systemFreeSize] as? NSNumber)?.doubleValue,
            let size = (system[.systemSize] as? NSNumber)?.doubleValue
        else { return [.warn("disk space", "the file system of \(home.path) does not tell")] }
        let text = String(
            format: "%.1f of %.1f GiB are free",
            free / Self.gibibyte,
            size / Self.gibibyte
        )
        if free < Self.gibibyte {
            return [.fail("disk space", text + "; the node halts on a full disk: make room")]
        }
        if free < 10 * Self.gibibyte {
            return [.warn("disk space", text + "; storage.pruning = \"pruned\" bounds the chain")]
        }
        return [.ok("disk space", text)]
    }

    /// Every vote waits for such a write.
    private func writing() -> Finding {
        let path = home.path + "/doctor.\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var times: [Double] = []
        do {
            try Data().write(to: URL(filePath: path))
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            let block = Data(repeating: 1, count: 4_096)
            for _ in 0..<16 {
                let began = ContinuousClock.now
                try handle.write(contentsOf: block)
                try handle.synchronize()
                times.append((ContinuousClock.now - began) / .milliseconds(1))
            }
        } catch {
            let why = (error as NSError).localizedDescription
            return .fail(
                "disk writes",
                "\(home.path) cannot be written (\(why)): check mode and mount"
            )
        }
        let median = times.sorted()[times.count / 2]
        let text = String(format: "a synchronised write takes %.1f ms", median)
        if median > 100 {
            return .fail("disk writes", text + "; votes will be late: use a faster disk")
        }
        if median > 10 { return .warn("disk writes", text + "; below 10 ms is advised") }
        return .ok("disk writes", text)
    }

    // MARK: What the home holds

    private func keys(_ configuration: Configuration) -> [Finding] {
        let file = configuration.keys.passwordFile
        return [
            ("node key", configuration.keys.node), ("validator key", configuration.keys.validator),
        ]
        .compactMap { name, path in
            guard !path.isEmpty else { return nil }
            do {
                let key = try KeyStore.open(place(path)) {
                    file.isEmpty ? nil : Password.given(file: place(file))
                }
                return .ok(name, "\(path) opens: \(key.publicKey)")
            } catch {
                return .fail(name, "\(error)")
            }
        }
    }

    private func record(_ genesis: Genesis, isValidator: Bool) -> Finding {
        guard FileManager.default.fileExists(atPath: home.signed) else {
            guard isValidator else { return .ok("signing record", "none; this node only follows") }
            return .warn(
                "signing record",
                "there is none; a validator whose chain has blocks will not start without it"
            )
        }
        do {
            let record = try SignGuard(
                path: home.signed,
                genesis: genesis.hash,
                chainHasBlocks: true
            )
            guard let last = record.last else {
                return .ok("signing record", "nothing is signed yet")
            }
            return .ok("signing record", "the last signature was at \(last)")
        } catch {
            return .fail(
                "signing record",
                "\(error); see \"The signing record is lost\" of the runbooks"
            )
        }
    }

    private func database(_ genesis: Genesis) -> Finding {
        guard FileManager.default.fileExists(atPath: home.database) else {
            return .ok("database", "there is no chain yet; it is fetched from peers")
        }
        do {
            let count = try HomeAdministration.alone(home) { database in
                try ChainWalk(chain: database.now).check(last: blocks)
            }
            return .ok("database", "it opens, and the last \(count) blocks follow each other")
        } catch {
            let sentence = CommandFailure(error)?.message ?? "\(error)"
            return .fail(
                "database",
                sentence + "; restore a backup, or move chain/ away and fetch it from peers"
            )
        }
    }

    func place(_ file: String) -> String { file.hasPrefix("/") ? file : home.path + "/" + file }
}

/// Reads stored blocks and sees whether each follows the one before.
struct ChainWalk {
    let chain: ChainReader

    /// - Parameter last: how many blocks before the tip; 0 reads all that are kept.
    /// - Returns: how many were read.
    func check(last: UInt64) throws -> UInt64 {
        let tip = try chain.tip()
        let earliest = try chain.earliestBlock()
        guard tip.height >= earliest else { return 0 }
        let held = tip.height.value - earliest.value + 1
        let count = last == 0 ? held : min(last, held)
        var expected = tip.hash
        for offset in 0..<count {
            let height = Height(tip.height.value - offset)
            guard let block = try chain.block(at: height)?.block else {
                throw CommandFailure(.environment, "block \(height.value) is missing")
            }
            guard block.hash == expected, block.contentsMatchHeader else {
                throw CommandFailure(.environment, "block \(height.value) is not the chain's")
            }
            expected = block.header.parent
        }
        return count
    }
}
