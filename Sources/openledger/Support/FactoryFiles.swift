import Commitments
import Factory
import Foundation

/// Records of this machine.
enum DataFiles {
    /// Every readable row of a JSONL file, or of all in a folder. Skipped rows are named.
    static func records(at path: String) throws -> [DataRecord] {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.badInput, "there is no file or folder \(path)")
        }
        guard isFolder.boolValue else { return try read(path) }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return try names.filter { $0.hasSuffix(".jsonl") }.sorted().flatMap {
            try read(path + "/" + $0)
        }
    }

    private static func read(_ path: String) throws -> [DataRecord] {
        do {
            let dataset = try Dataset(contentsOf: URL(filePath: path))
            for row in dataset.skipped.prefix(20) { Remark.write("\(path): \(row)") }
            if dataset.skipped.count > 20 {
                Remark.write("\(path): \(dataset.skipped.count - 20) more rows were skipped")
            }
            return dataset.records
        } catch {
            throw CommandFailure(.badInput, "\(path): \(error.description)")
        }
    }
}

/// One line on standard error: redrawn at a terminal, every tenth part elsewhere.
final class ProgressBar {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last = ""

    func show(_ progress: FactoryProgress) {
        let part = isTerminal ? "\(progress.done)" : "\(Int(progress.fraction * 10))"
        let mark = progress.phase.rawValue + part
        guard mark != last else { return }
        last = mark
        write((isTerminal ? "\r\u{1b}[K" : "") + "\(progress)" + (isTerminal ? "" : "\n"))
    }

    func finish() { if isTerminal { write("\r\u{1b}[K") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
