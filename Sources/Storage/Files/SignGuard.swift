// Decides whether this validator may sign. Its record is a file of its own, because losing or
// restoring the database must not make it forget what it has already said.

import Cryptography
import Glibc
package import Primitives

/// Why a signature was refused.
package enum SignGuardError: Error, Equatable, Sendable {
    /// Something later was signed already.
    case goesBack(asked: SignPosition, last: SignPosition)
    /// Something else was signed at this very position.
    case conflicts(at: SignPosition)
    /// The chain has blocks but the record is gone: what was signed cannot be known.
    case recordLost(path: String)
    case otherChain(path: String)
    /// The consensus log has a signature of ours later than the record.
    case behindLog(signed: SignPosition, last: SignPosition?)
    /// Votes of this height were sent and the log has lost them, and with them what they lock.
    case forgotten(asked: SignPosition, silentThrough: UInt64)
    case damaged(path: String, offset: UInt64)
    /// The signer process refuses, or cannot be reached; one sentence.
    case signer(String)
    case storage(StorageError)
}

/// The record of the last position signed, appended to and synchronised before each signature.
///
/// Layout: 64-byte slots. The first holds the genesis hash; each later one holds height (8),
/// round (4), step (1), digest of the signed bytes (32), and the first 19 bytes of the tagged hash
/// of those 45. Positions never decrease. A repetition of the slot before, with the highest bit of
/// the step set, says that the consensus log has what was signed. A slot that was being written when the machine lost
/// power is all zeros or short, and was never acted on; anything else that fails its check is
/// damage, and the guard refuses to open.
package struct SignGuard: ~Copyable, Sendable {
    private static let slotBytes = 64
    private static let bodyBytes = 45
    /// 64 KiB; then the file is replaced by its last slots.
    private static let slotsBeforeRewrite: UInt64 = 1024
    private static let tag = HashTag("openledger/sign-record/v1")

    private let path: String
    private let header: [UInt8]
    private var file: PosixFile
    private var slots: UInt64
    package private(set) var last: SignPosition?
    private(set) var lastDigest: Digest?
    /// The last position that the consensus log had durably, so that it may have been sent.
    package private(set) var logged: SignPosition?

    /// - Parameter chainHasBlocks: whether the database is past genesis, when a missing record is
    ///   a lost one.
    package init(
        path: String,
        genesis: Digest,
        chainHasBlocks: Bool
    ) throws(SignGuardError) {
        let header = Self.slot(body: genesis.bytes + [UInt8](repeating: 0, count: 13))
        let opened: PosixFile
        let bytes: [UInt8]
        do {
            opened = try Self.open(path: path, header: header, chainHasBlocks: chainHasBlocks)
            bytes = try opened.read(at: 0, count: Int(clamping: opened.size))
        } catch StorageError.missing where chainHasBlocks {
            throw .recordLost(path: path)
        } catch {
            throw .storage(error)
        }
        let state = try Self.parse(bytes, header: header, path: path)
        self.path = path
        self.header = header
        file = opened
        slots = state.slots
        last = state.last
        lastDigest = state.digest
        logged = state.logged
    }

    private static func open(
        path: String,
        header: [UInt8],
        chainHasBlocks: Bool
    ) throws(StorageError) -> PosixFile {
        if !chainHasBlocks && !Files.exists(path) { try Files.replace(path, with: header) }
        return try PosixFile(path: path, flags: O_RDWR)
    }

    /// Records the position durably, or refuses. Only after it returns may the key be used.
    /// Asking again for the same bytes at the last position is allowed: Ed25519 is deterministic,
    /// so the same signature results.
    package mutating func authorise(
        _ position: SignPosition,
        signing bytes: [UInt8]
    ) throws(SignGuardError) {
        let digest = taggedHash(Self.tag, bytes)
        if let last, position <= last {
            guard position == last else { throw .goesBack(asked: position, last: last) }
            guard digest == lastDigest else { throw .conflicts(at: position) }
            return
        }
        try record(position, digest)
    }

    /// Makes the position the last one, durably.
    mutating func record(_ position: SignPosition, _ digest: Digest) throws(SignGuardError) {
        do {
            try append(Self.slot(position, digest))
        } catch {
            throw .storage(error)
        }
        last = position
        lastDigest = digest
    }

    /// Notes that the log has what was signed last, before it is sent. Made durable with the next
    /// position: a synchronisation of its own would cost a vote's time.
    package mutating func confirm(_ position: SignPosition) throws(SignGuardError) {
        guard position == last, position != logged, let lastDigest else { return }
        do {
            try file.write(Self.mark(position, lastDigest), at: slots * UInt64(Self.slotBytes))
        } catch {
            throw .storage(error)
        }
        slots += 1
        logged = position
    }

    private mutating func append(_ slot: [UInt8]) throws(StorageError) {
        guard slots < Self.slotsBeforeRewrite else {
            var content = header
            if let last, let lastDigest {
                content += Self.slot(last, lastDigest)
                if logged == last { content += Self.mark(last, lastDigest) }
            }
            try Files.replace(path, with: content + slot)
            file = try PosixFile(path: path, flags: O_RDWR)
            slots = UInt64(content.count / Self.slotBytes) + 1
            return
        }
        try file.write(slot, at: slots * UInt64(Self.slotBytes))
        try file.synchronise()
        slots += 1
    }
}

extension SignGuard {
    private static let loggedBit: UInt8 = 0x80

    private static func body(
        _ position: SignPosition,
        _ digest: Digest,
        isLogged: Bool = false
    ) -> [UInt8] {
        var writer = BorshWriter()
        writer.write(position.height)
        writer.write(position.round)
        writer.write(position.step.rawValue | (isLogged ? loggedBit : 0))
        writer.write(digest)
        return writer.bytes
    }

    private static func slot(_ position: SignPosition, _ digest: Digest) -> [UInt8] {
        slot(body: body(position, digest))
    }

    private static func mark(_ position: SignPosition, _ digest: Digest) -> [UInt8] {
        slot(body: body(position, digest, isLogged: true))
    }

    private static func slot(body: [UInt8]) -> [UInt8] {
        body + taggedHash(tag, body).bytes.prefix(slotBytes - bodyBytes)
    }

    /// What the slots of a file say.
    private struct Content {
        var slots: UInt64 = 1
        var last: SignPosition?
        var digest: Digest?
        var logged: SignPosition?

        /// False for what can never have been written after the slots before.
        mutating func take(_ entry: Entry) -> Bool {
            if entry.isLogged {
                guard entry.position == last, entry.digest == digest else { return false }
                logged = last
            } else {
                guard last.map({ $0 < entry.position }) ?? true else { return false }
                (last, digest) = (entry.position, entry.digest)
            }
            slots += 1
            return true
        }
    }

    private struct Entry {
        let position: SignPosition
        let digest: Digest
        let isLogged: Bool
    }

    private static func parse(
        _ bytes: [UInt8],
        header: [UInt8],
        path: String
    ) throws(SignGuardError) -> Content {
        guard bytes.count >= slotBytes else { throw .damaged(path: path, offset: 0) }
        guard Array(bytes[..<slotBytes]) == header else { throw .otherChain(path: path) }
        var content = Content()
        for start in stride(from: slotBytes, to: bytes.count, by: slotBytes) {
            let slot = Array(bytes[start..<min(start + slotBytes, bytes.count)])
            let isTorn = slot.count < slotBytes || slot.allSatisfy { $0 == 0 }
            if isTorn && start + slotBytes >= bytes.count { break }
            guard let entry = decode(slot), content.take(entry) else {
                throw .damaged(path: path, offset: UInt64(start))
            }
        }
        return content
    }

    private static func decode(_ slot: [UInt8]) -> Entry? {
        let body = Array(slot.prefix(bodyBytes))
        guard slot == Self.slot(body: body) else { return nil }
        var reader = BorshReader(body)
        guard let height = try? reader.readUInt64(), let round = try? reader.readUInt32(),
            let step = try? reader.readUInt8(),
            let named = SignPosition.Step(rawValue: step & ~loggedBit),
            let digest = try? Digest(from: &reader)
        else { return nil }
        return Entry(
            position: SignPosition(height: height, round: round, step: named),
            digest: digest,
            isLogged: step & loggedBit != 0
        )
    }
}

extension SignGuardError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .goesBack(let asked, let last): "asked to sign \(asked) after \(last)"
        case .conflicts(let position): "asked to sign a second time at \(position)"
        case .recordLost(let path):
            "the signing record \(path) is missing, so this validator may not sign"
        case .otherChain(let path): "the signing record \(path) belongs to another chain"
        case .behindLog(let signed, let last):
            "the signing record ends at \(last.map { "\($0)" } ?? "nothing") although \(signed) "
                + "was signed, so this validator may not sign"
        case .forgotten(let asked, let height):
            "asked to sign \(asked), but the log has lost what this validator said at height "
                + "\(height); it signs again after that"
        case .damaged(let path, let offset):
            "the signing record \(path) is damaged at byte \(offset)"
        case .signer(let sentence): sentence
        case .storage(let error): error.description
        }
    }
}
