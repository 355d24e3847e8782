// Where an unfinished run keeps what it needs to go on: its input, the states of the units that it
// has finished, and the last states in between. A file appears whole or not at all and carries its
// own hash, so a process may be killed at any moment.

import Commitments
import Cryptography
package import Foundation
import Jobs
package import LanguageModel
import Primitives

/// Invariant of the folder: a run's files depend on its input alone, so whatever of them is whole
/// may be used, and whatever is missing is computed again with the same bits.
package struct RunFolder: Sendable {
    private static let tag = HashTag("openledger/run-file/v1")
    private static let fileLimit = TrainingTrace.maximumStateBytes + 64
    private static let inputName = "input.bin"
    private static let logName = "log.jsonl"
    /// States in between units that are kept: the last, and one before it.
    private static let keptStates = 2

    package let folder: URL
    /// The hash of the run's input, which each file's hash covers.
    private let run: Digest

    /// What a folder holds of a run.
    package struct Progress: Sendable, Equatable {
        /// The states after the units that are finished, in order.
        package var snapshots: [[UInt8]] = []
        /// The state to go on from; nil before the first one.
        package var state: [UInt8]?
        /// Files that are not whole, by name. They are not used.
        package var damaged: [String] = []
    }

    /// Starts a folder for a run, which must not exist.
    package init(creating folder: URL, for input: FactoryInput) throws(FactoryError) {
        guard !FileManager.default.fileExists(atPath: folder.path) else {
            throw .outputExists(path: folder.path)
        }
        let stored = StoredInput(input)
        self.folder = folder
        run = stored.digest
        do {
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true
            )
        } catch {
            throw Self.cannotWrite(folder, error)
        }
        try write(stored.borshBytes, to: Self.inputName)
    }

    /// Opens a run's folder and reads its input.
    ///
    /// - Parameter base: the model that the run began with.
    package static func open(
        _ folder: URL,
        base: ModelBundle
    ) throws(FactoryError) -> (folder: RunFolder, input: FactoryInput) {
        let file = folder.appending(path: inputName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw .noRun(path: folder.path)
        }
        let bytes = try read(file)
        guard bytes.count > 32, let stored = try? StoredInput(borsh: Array(bytes.dropLast(32)))
        else { throw .damagedRun(path: file.path) }
        let opened = RunFolder(folder: folder, run: stored.digest)
        guard opened.payload(bytes, of: inputName) != nil else {
            throw .damagedRun(path: file.path)
        }
        guard stored.root == base.weightsRoot else {
            throw .otherModel(expected: "\(stored.root)", found: "\(base.weightsRoot)")
        }
        return (opened, stored.input(base))
    }

    private init(folder: URL, run: Digest) {
        self.folder = folder
        self.run = run
    }

    // MARK: States

    /// Keeps the state after a unit.
    package func keep(unit: Int, state: [UInt8]) throws(FactoryError) {
        try write(state, to: Self.unitName(unit))
        // What led to it is of no more use.
        for name in stateNames() { remove(name) }
    }

    /// Keeps a state within a unit.
    package func keep(step: Int, state: [UInt8]) throws(FactoryError) {
        try write(state, to: Self.stateName(step))
        for name in stateNames().dropLast(Self.keptStates) { remove(name) }
    }

    /// What is there: all units up to the first that is missing or damaged, and the last whole
    /// state after them.
    package func progress(_ recipe: TrainingRecipe) throws(FactoryError) -> Progress {
        var progress = Progress()
        for unit in 0..<recipe.segmentCount {
            let name = Self.unitName(unit)
            guard exists(name) else { break }
            guard let state = try whole(name) else {
                progress.damaged.append(name)
                break
            }
            progress.snapshots.append(state)
        }
        progress.state = progress.snapshots.last
        let done = progress.snapshots.count * recipe.segmentSteps
        for name in stateNames().reversed() {
            guard let step = Self.step(of: name), step > done,
                step < done + recipe.segmentSteps
            else { continue }
            guard let state = try whole(name) else {
                progress.damaged.append(name)
                continue
            }
            progress.state = state
            break
        }
        return progress
    }

    /// Removes the folder of a run that has ended.
    package func remove() { try? FileManager.default.removeItem(at: folder) }

    // MARK: The log

    /// Adds a line to the log, which is for people and proves nothing.
    package func log(_ line: String) throws(FactoryError) {
        let file = folder.appending(path: Self.logName)
        do {
            if !exists(Self.logName) { try Data().write(to: file) }
            let handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
            try handle.write(contentsOf: Data((line + "\n").utf8))
            try handle.close()
        } catch {
            throw Self.cannotWrite(file, error)
        }
    }

    /// The whole lines of the log.
    package func logLines() -> [String] {
        guard let data = try? Data(contentsOf: folder.appending(path: Self.logName)) else {
            return []
        }
        // A line that was cut by the end of its process has no break.
        let lines = String(decoding: data, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        return lines.dropLast().map(String.init)
    }
}

extension RunFolder {
    private static func unitName(_ unit: Int) -> String { "unit-\(padded(unit)).bin" }
    private static func stateName(_ step: Int) -> String { "step-\(padded(step)).bin" }

    private static func padded(_ number: Int) -> String {
        String(repeating: "0", count: max(0, 7 - "\(number)".count)) + "\(number)"
    }

    private static func step(of name: String) -> Int? {
        Int(name.dropFirst("step-".count).dropLast(".bin".count))
    }

    /// Ascending.
    private func stateNames() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".bin") }.sorted()
    }

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }

    private func remove(_ name: String) {
        try? FileManager.default.removeItem(at: folder.appending(path: name))
    }

    private func write(_ payload: [UInt8], to name: String) throws(FactoryError) {
        let file = folder.appending(path: name)
        do {
            let bytes = payload + hash(payload, of: name).bytes
            try Data(bytes).write(to: file, options: .atomic)
        } catch {
            throw Self.cannotWrite(file, error)
        }
    }

    private func whole(_ name: String) throws(FactoryError) -> [UInt8]? {
        payload(try Self.read(folder.appending(path: name)), of: name)
    }

    private func payload(_ bytes: [UInt8], of name: String) -> [UInt8]? {
        guard bytes.count >= 32 else { return nil }
        let payload = Array(bytes.dropLast(32))
        return Array(bytes.suffix(32)) == hash(payload, of: name).bytes ? payload : nil
    }

    private func hash(_ payload: [UInt8], of name: String) -> Digest {
        taggedHash(Self.tag, run.bytes + Array(name.utf8) + [0] + payload)
    }

    private static func read(_ file: URL) throws(FactoryError) -> [UInt8] {
        let size = (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
        guard size <= fileLimit else { throw .tooLarge(path: file.path, limit: fileLimit) }
        guard let data = try? Data(contentsOf: file) else { throw .cannotRead(path: file.path) }
        return [UInt8](data)
    }

    private static func cannotWrite(_ file: URL, _ error: any Error) -> FactoryError {
        .cannotWrite(path: file.path, reason: (error as NSError).localizedDescription)
    }
}

/// A run's input without its model.
private struct StoredInput: BorshCodable {
    static let tag = HashTag("openledger/run-input/v1")

    let root: Digest
    let baseName: String
    let recipe: AdapterRecipe
    let records: [DataRecord]
    let heldOut: [DataRecord]
    let suspects: Int
    let makesIndex: Bool

    init(_ input: FactoryInput) {
        root = input.base.weightsRoot
        baseName = input.baseName
        recipe = input.recipe
        records = input.records
        heldOut = input.heldOut
        suspects = input.suspects
        makesIndex = input.makesIndex
    }

    func input(_ base: ModelBundle) -> FactoryInput {
        FactoryInput(
            base: base,
            baseName: baseName,
            records: records,
            recipe: recipe,
            heldOut: heldOut,
            suspects: suspects,
            makesIndex: makesIndex
        )
    }

    var digest: Digest { taggedHash(Self.tag, borshBytes) }

    func encode(to writer: inout BorshWriter) {
        writer.write(root)
        writer.writeBytes(Array(baseName.utf8))
        writer.writeBytes(recipe.borshBytes)
        writer.writeArray(records)
        writer.writeArray(heldOut)
        writer.write(UInt32(clamping: suspects))
        writer.write(makesIndex)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        root = try Digest(from: &reader)
        baseName = String(decoding: try reader.readBytes(limit: 65_536), as: UTF8.self)
        recipe = try AdapterRecipe(borsh: try reader.readBytes(limit: 65_536))
        records = try reader.readArray(limit: DataRecord.listLimit)
        heldOut = try reader.readArray(limit: DataRecord.listLimit)
        suspects = Int(try reader.readUInt32())
        makesIndex = try reader.readBool()
    }
}
