// A snapshot as one file, for a node that has no peers or for the shelf: the headers that lead to it,
// then the parts of the state as peers would tell them. Restoring checks it as if a stranger had
// sent it.

import Foundation
package import Ledger
package import LightClient
import Primitives
package import StateTree
package import Storage

/// Why an archive is not taken over.
package enum SnapshotArchiveError: Error, Equatable {
    case file(path: String, detail: String)
    /// The bytes are no archive, or not all of one.
    case malformed(path: String, detail: String)
    case otherChain(found: String)
    /// Its header is not to be believed.
    case header(LightClientError)
    /// A part is not the state of the header.
    case part(TreeAssembly.Refusal)
    case storage(StorageError)
}

package enum SnapshotArchive {
    static let magic = Array("openledger snapshot 1\n".utf8)
    /// Longest record: a part's limit and its place.
    static let recordLimit = 4 << 20
    static let wayLimit = 10_000

    /// Says what the archive holds, and leads to its header.
    struct Head: Sendable, Equatable {
        let chain: ChainID
        let genesis: Digest
        /// Headers on the way from the genesis to the snapshot's, as far as the maker had them.
        let way: [LightBlock]
        let target: LightBlock
    }

    /// Writes the state of a snapshot into a new file; returns its header.
    @discardableResult
    package static func write(
        _ snapshot: SnapshotReader,
        of genesis: Genesis,
        to path: String
    ) throws(SnapshotArchiveError) -> LightBlock {
        guard !FileManager.default.fileExists(atPath: path),
            FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw .file(path: path, detail: "it cannot be made, or is there already") }
        do {
            let block = try snapshot.lightBlock()
            let head = Head(
                chain: genesis.chain,
                genesis: genesis.hash,
                way: try way(to: block, in: snapshot, genesis),
                target: block
            )
            try file.write(contentsOf: Data(magic))
            try append(head.borshBytes, to: file)
            var assembly = TreeAssembly(
                root: block.header.stateRoot,
                version: block.height.value
            )
            while let place = assembly.wanted.last {
                guard let part = try snapshot.part(below: place) else {
                    throw StorageError.corrupt(path: path, detail: "the snapshot lacks a part")
                }
                // Checked while it is written: an archive that could not be restored is worse than
                // none.
                _ = try assembly.take(part, at: place)
                var writer = BorshWriter()
                writer.write(place)
                writer.write(part)
                try append(writer.bytes, to: file)
            }
            try append([], to: file)
            try file.synchronize()
            try file.close()
            return block
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw SnapshotArchiveError(error, path: path)
        }
    }

    /// Makes a database of an archive, after checking all of it.
    ///
    /// - Parameters:
    ///   - checkpoint: a block to trust; the genesis is trusted otherwise.
    ///   - database: where the database is made; whatever is there is removed.
    ///   - now: milliseconds since 1970.
    package static func restore(
        _ path: String,
        genesis: Genesis,
        checkpoint: Checkpoint?,
        rules: LightClientRules,
        now: UInt64,
        to database: String
    ) throws(SnapshotArchiveError) -> LightBlock {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw .file(path: path, detail: "it cannot be read")
        }
        do {
            guard try Array(file.read(upToCount: magic.count) ?? Data()) == magic else {
                throw SnapshotArchiveError.malformed(path: path, detail: "it is no archive")
            }
            let head = try Head(borsh: try record(file, path))
            guard head.chain == genesis.chain, head.genesis == genesis.hash else {
                throw SnapshotArchiveError.otherChain(found: "\(head.chain)")
            }
            try check(head, genesis, checkpoint, rules, now)
            let block = head.target
            let target = try StateImport(path: database)
            var assembly = TreeAssembly(
                root: block.header.stateRoot,
                version: block.height.value
            )
            while !assembly.isComplete {
                var reader = BorshReader(try record(file, path))
                let place = try NibblePath(from: &reader)
                let part = try TreePart(from: &reader)
                try reader.finish()
                let nodes = try assembly.take(part, at: place)
                if case .entries(let entries) = part { try target.write(entries, nodes) }
            }
            guard try record(file, path).isEmpty, try file.read(upToCount: 1)?.isEmpty != false
            else { throw SnapshotArchiveError.malformed(path: path, detail: "it goes on") }
            try target.finish(block, genesis: genesis)
            return block
        } catch {
            throw SnapshotArchiveError(error, path: path)
        }
    }

    // MARK: - Headers

    /// None where blocks on the way are not here any more.
    private static func way(
        to block: LightBlock,
        in snapshot: SnapshotReader,
        _ genesis: Genesis
    ) throws -> [LightBlock] {
        // Time plays no part: whoever restores checks the trust period by their own clock.
        let rules = LightClientRules(chain: genesis.chain, trustPeriod: .max)
        var walk = SkippingVerification(
            from: try TrustedHeader(genesis: genesis),
            to: block.height,
            rules: rules
        )
        while let next = walk.next {
            guard let step = try snapshot.lightBlock(at: next) else { return [] }
            try walk.take(step, now: block.header.time)
        }
        return walk.trace.dropLast()
    }

    private static func check(
        _ head: Head,
        _ genesis: Genesis,
        _ checkpoint: Checkpoint?,
        _ rules: LightClientRules,
        _ now: UInt64
    ) throws {
        if let checkpoint {
            _ = try checkpoint.trust(head.target, rules: rules, now: now)
            return
        }
        var trusted = try TrustedHeader(genesis: genesis)
        for step in head.way + [head.target] {
            try step.checkItself(chain: rules.chain)
            guard try rules.follows(step, trusted, now: now) else {
                throw LightClientError.unannouncedValidators(step.height)
            }
            trusted = TrustedHeader(step)
        }
    }

    // MARK: - Records

    private static func append(_ bytes: [UInt8], to file: FileHandle) throws {
        var writer = BorshWriter()
        writer.writeBytes(bytes)
        try file.write(contentsOf: Data(writer.bytes))
    }

    private static func record(_ file: FileHandle, _ path: String) throws -> [UInt8] {
        func read(_ count: Int) throws -> [UInt8] {
            guard count > 0 else { return [] }
            let bytes = try file.read(upToCount: count).map { Array($0) } ?? []
            guard bytes.count == count else {
                throw SnapshotArchiveError.malformed(path: path, detail: "it ends too early")
            }
            return bytes
        }
        var length = BorshReader(try read(4))
        let count = Int(try length.readUInt32())
        guard count <= recordLimit else {
            throw SnapshotArchiveError.malformed(path: path, detail: "a record is too long")
        }
        return try read(count)
    }
}

extension SnapshotArchive.Head: BorshCodable {
    func encode(to writer: inout BorshWriter) {
        writer.write(chain)
        writer.write(genesis)
        writer.writeArray(way)
        writer.write(target)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        chain = try ChainID(from: &reader)
        genesis = try Digest(from: &reader)
        way = try reader.readArray(limit: SnapshotArchive.wayLimit)
        target = try LightBlock(from: &reader)
    }
}

extension SnapshotArchiveError {
    init(_ error: any Error, path: String) {
        switch error {
        case let error as SnapshotArchiveError: self = error
        case let error as StorageError: self = .storage(error)
        case let error as LightClientError: self = .header(error)
        case let error as TreeAssembly.Refusal: self = .part(error)
        case let error as BorshError: self = .malformed(path: path, detail: "\(error)")
        default: self = .file(path: path, detail: "\(error)")
        }
    }
}

extension SnapshotArchiveError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file(let path, let detail): "\(path): \(detail)"
        case .malformed(let path, let detail): "\(path) is no whole archive: \(detail)"
        case .otherChain(let found): "the archive is of the chain \(found)"
        case .header(let error): "the archive's header is not to be believed: \(error)"
        case .part: "the archive's state is not the one of its header"
        case .storage(let error): error.description
        }
    }
}
