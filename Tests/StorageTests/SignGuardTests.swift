import Foundation
import Primitives
import Storage
import Testing

@Suite("Sign guard")
struct SignGuardTests {
    let scratch = ScratchDirectory()
    private var path: String { scratch.file("signed") }

    private func open(
        genesis: Digest = .zero,
        chainHasBlocks: Bool = false
    ) throws -> SignGuard {
        try SignGuard(path: path, genesis: genesis, chainHasBlocks: chainHasBlocks)
    }

    private func position(
        _ height: UInt64,
        _ round: UInt32 = 0,
        _ step: SignPosition.Step = .prevote
    ) -> SignPosition {
        SignPosition(height: height, round: round, step: step)
    }

    @Test("positions are signed in order, each once, and the same bytes may be signed again")
    func isMonotone() throws {
        var guardian = try open()
        try guardian.authorise(position(1, 0, .proposal), signing: [1])
        try guardian.authorise(position(1, 0, .prevote), signing: [2])
        try guardian.authorise(position(1, 0, .prevote), signing: [2])
        #expect(throws: SignGuardError.conflicts(at: position(1, 0, .prevote))) {
            try guardian.authorise(position(1, 0, .prevote), signing: [3])
        }
        #expect(
            throws: SignGuardError.goesBack(
                asked: position(1, 0, .proposal),
                last: position(1, 0, .prevote)
            )
        ) { try guardian.authorise(position(1, 0, .proposal), signing: [1]) }
        try guardian.authorise(position(1, 1, .proposal), signing: [4])
        #expect(throws: SignGuardError.self) {
            try guardian.authorise(position(1, 0, .precommit), signing: [5])
        }
        try guardian.authorise(position(2), signing: [6])
        #expect(guardian.last == position(2))
    }

    @Test("what was signed is remembered across restarts, also after the file was rewritten")
    func survivesRestart() throws {
        // The file is rewritten once, within the second stretch.
        for stretch in [UInt64(1)...3, 4...1026, 1027...1030] {
            var guardian = try open(chainHasBlocks: stretch.lowerBound > 1)
            #expect(
                guardian.last == (stretch.lowerBound == 1 ? nil : position(stretch.lowerBound - 1))
            )
            if stretch.lowerBound > 1 {
                let last = position(stretch.lowerBound - 1)
                #expect(throws: SignGuardError.conflicts(at: last)) {
                    try guardian.authorise(last, signing: [9])
                }
            }
            for height in stretch { try guardian.authorise(position(height), signing: [1]) }
        }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect((size ?? 0) < 64 * 32)
    }

    @Test("a missing record of a chain with blocks refuses, and is not created")
    func refusesLoss() throws {
        #expect(throws: SignGuardError.recordLost(path: path)) {
            _ = try open(chainHasBlocks: true)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a record of another chain refuses")
    func refusesOtherChain() throws {
        _ = try open()
        let other = try #require(Digest([UInt8](repeating: 7, count: 32)))
        #expect(throws: SignGuardError.otherChain(path: path)) { _ = try open(genesis: other) }
    }

    @Test("a flipped bit anywhere refuses, except that a torn end is what was never signed")
    func detectsDamage() throws {
        var guardian = try open()
        for height in UInt64(1)...3 { try guardian.authorise(position(height), signing: [1]) }
        let good = try Data(contentsOf: URL(filePath: path))
        #expect(good.count == 4 * 64)
        for offset in good.indices {
            var bad = good
            bad[offset] ^= 0x10
            try bad.write(to: URL(filePath: path))
            #expect(throws: SignGuardError.self, "offset \(offset)") { _ = try open() }
        }
        for cut in 193..<256 {
            try good.prefix(cut).write(to: URL(filePath: path))
            #expect(try open().last == position(2), "cut at \(cut)")
        }
        try (good + Data(count: 64)).write(to: URL(filePath: path))
        var reopened = try open()
        try reopened.authorise(position(4), signing: [1])
        #expect(try open().last == position(4))
        try (good.prefix(128) + Data(count: 64) + good.suffix(64)).write(to: URL(filePath: path))
        #expect(throws: SignGuardError.damaged(path: path, offset: 128)) { _ = try open() }
    }

    @Test("a full disk refuses the record, and the file that was there is untouched")
    func diskFull() throws {
        // Everything written to this device fails as on a full disk.
        let full = "/dev/full"
        try FileManager.default.createSymbolicLink(
            atPath: path + ".new",
            withDestinationPath: full
        )
        #expect(throws: SignGuardError.storage(.diskFull(path: path + ".new"))) {
            _ = try open()
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a directory that cannot be written is named")
    func reportsStorage() throws {
        #expect(throws: SignGuardError.storage(.missing(path: "/nowhere/x/signed.new"))) {
            _ = try SignGuard(path: "/nowhere/x/signed", genesis: .zero, chainHasBlocks: false)
        }
    }
}

@Suite("Home lock")
struct HomeLockTests {
    @Test("a home is held by one process at a time, and free again when the holder lets go")
    func isExclusive() throws {
        let scratch = ScratchDirectory()
        let home = scratch.file("a/b/home")
        do {
            let lock = try HomeLock(home: home)
            #expect(throws: StorageError.locked(path: home)) { _ = try HomeLock(home: home) }
            _ = consume lock
        }
        _ = try HomeLock(home: home)
    }

    @Test("a home inside something that is not a directory is refused with its path")
    func refusesBadParent() throws {
        let scratch = ScratchDirectory()
        try Data().write(to: URL(filePath: scratch.file("file")))
        #expect(throws: StorageError.missing(path: scratch.file("file/home"))) {
            _ = try HomeLock(home: scratch.file("file/home"))
        }
    }
}
