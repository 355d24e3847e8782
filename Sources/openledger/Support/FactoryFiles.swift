import Commitments
import Factory
import Foundation

/// Records of this machine.
enum DataFiles {
    /// Every readable row of a file, or of all JSONL files in a folder. Skipped rows are named.
    static func records(at path: String) throws -> [DataRecord] {
        try files(at: path).flatMap { path in
            let dataset = try read(path)
            for row in dataset.skipped.prefix(20) { Remark.write("\(path): \(row)") }
            if dataset.skipped.count > 20 {
                Remark.write("\(path): \(dataset.skipped.count - 20) more rows were skipped")
            }
            return dataset.records
        }
    }

    /// The same without a word about rows that are skipped.
    static func rows(at path: String) throws -> (records: [DataRecord], skipped: [SkippedRow]) {
        let datasets = try files(at: path).map(read)
        return (datasets.flatMap { $0.records }, datasets.flatMap { $0.skipped })
    }

    private static func files(at path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CommandFailure(.badInput, "there is no file or folder \(path)")
        }
        guard isFolder.boolValue else { return [path] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let files = names.filter { $0.hasSuffix(".jsonl") }.sorted().map { path + "/" + $0 }
        guard !files.isEmpty else {
            throw CommandFailure(.badInput, "the folder \(path) has no .jsonl file")
        }
        return files
    }

    private static func read(_ path: String) throws -> Dataset {
        do {
            return try Dataset(contentsOf: URL(filePath: path))
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
