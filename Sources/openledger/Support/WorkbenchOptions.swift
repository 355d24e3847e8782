import ArgumentParser
import ExactMath
import Foundation
import Glibc
import JSON
import Workbench

/// A model, perhaps with an adapter, from the disk.
struct LocalModelOptions: ParsableArguments {
    @Option(help: "A GGUF file or a Hugging Face folder.") var model: String
    @Option(help: "A PEFT folder.") var adapter: String?
    @Option(help: "Threads of a matrix product; more than idle cores make it slower, not other.")
    var threads = 1

    func load() throws -> LocalModel {
        ExactRuntime.setThreads(threads)
        return try LocalModel(path: model, adapter: adapter)
    }
}

/// Where a tool's input comes from, and how its answers are written.
struct ToolInput: ParsableArguments {
    @Argument(help: "A file of input; - or nothing is standard input.") var file: String?
    @Option(help: "The text itself, instead of a file.") var text: String?
    @Flag(help: "JSON lines in both directions, one object a line, in order.") var json = false

    /// Answers every line of a JSON-lines input, or the whole input as one text.
    ///
    /// - Parameters:
    ///   - answer: an object's answer.
    ///   - table: an answer as people read it.
    func run(
        answer: (JSONObject) throws -> JSON,
        table: (JSON) -> [String]
    ) throws {
        try ToolFailure.translating {
            guard json else { return try answerText(answer, table) }
            let summary = try LineProtocol.run(
                LineReader(more: source()),
                answer: answer,
                write: StandardOutput.write
            )
            try ToolFailure.check(summary)
        }
    }

    private func answerText(
        _ answer: (JSONObject) throws -> JSON,
        _ table: (JSON) -> [String]
    ) throws {
        var bytes: [UInt8] = []
        let more = try source()
        while case let piece = try more(), !piece.isEmpty { bytes += piece }
        if bytes.last == 0x0a { bytes.removeLast() }
        let request = JSONObject([
            .init(key: "text", value: .string(String(decoding: bytes, as: UTF8.self)))
        ])
        do {
            for line in table(try answer(request)) { print(line) }
        } catch let defect as LineDefect {
            throw CommandFailure(.badInput, defect.message)
        }
    }

    private func source() throws -> () throws -> [UInt8] {
        if let text {
            guard file == nil else {
                throw CommandFailure(.badInput, "give a file or --text, not both")
            }
            return InputFile.once(Array(text.utf8))
        }
        return try InputFile.stream(file ?? "-")
    }
}

enum ToolFailure {
    /// Runs a tool; what it throws becomes a failure with its status.
    static func translating<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as WorkbenchError {
            switch error {
            case .badFile, .badOption: throw CommandFailure(.badInput, error.description)
            case .failed: throw CommandFailure(.failed, error.description)
            }
        } catch {
            throw CommandFailure(error) ?? CommandFailure(.failed, "the tool failed: \(error)")
        }
    }

    /// Bad lines have been answered in their places; the status says that there were some.
    static func check(_ summary: LineProtocol.Summary) throws {
        guard summary.defects > 0 else { return }
        throw CommandFailure(
            .badInput,
            "\(summary.defects) of \(summary.lines) lines could not be answered"
        )
    }
}

enum StandardOutput {
    /// Writes at once, so that whoever waits for the line has it.
    static func write(_ bytes: [UInt8]) throws {
        try CommandFailure.wrap(.environment) {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        }
    }
}

extension InputFile {
    /// A file piece by piece; `-` is standard input.
    static func stream(_ path: String) throws -> () throws -> [UInt8] {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandFailure(.badInput, "there is no file \(path)")
            }
            guard let opened = FileHandle(forReadingAtPath: path) else {
                throw CommandFailure(.badInput, "the file \(path) cannot be read")
            }
            handle = opened
        }
        return { try readPiece(handle, path) }
    }

    private static func readPiece(_ handle: FileHandle, _ path: String) throws -> [UInt8] {
        // `FileHandle.read` would wait until a whole piece is there.
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe Glibc.read(handle.fileDescriptor, &piece, piece.count)
        guard count >= 0 else {
            throw CommandFailure(.badInput, "the file \(path) cannot be read")
        }
        return Array(piece.prefix(count))
    }

    /// All bytes at once, then the end.
    static func once(_ bytes: [UInt8]) -> () throws -> [UInt8] {
        var rest = bytes
        return {
            defer { rest = [] }
            return rest
        }
    }
}
