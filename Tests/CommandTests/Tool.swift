import Foundation
import JSON
import Testing

/// Runs the `openledger` command that was built with the tests.
struct Tool: Sendable {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        var json: JSON { (try? JSON.parse(output)) ?? .null }

        /// The last line on standard error, which says what went wrong.
        var complaint: String {
            errors.split(separator: "\n").last.map { String($0) } ?? ""
        }
    }

    /// A new directory for the test's files.
    let folder: URL

    static let executable = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "openledger")

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    private func process(_ arguments: [String], environment: [String: String]) -> Process {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        variables["OPENLEDGER_HOME"] = path("home")
        process.environment = variables.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Runs a command to its end.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        let process = process(arguments, environment: environment)
        let name = UUID().uuidString
        let output = try handle("\(name).out")
        let errors = try handle("\(name).err")
        process.standardOutput = output
        process.standardError = errors
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do { try process.run() } catch {
                process.terminationHandler = nil
                done.resume(throwing: error)
            }
        }
        return Outcome(
            status: process.terminationStatus,
            output: try String(contentsOfFile: path("\(name).out"), encoding: .utf8),
            errors: try String(contentsOfFile: path("\(name).err"), encoding: .utf8)
        )
    }

    /// Starts a command that goes on.
    func start(_ arguments: [String], log: String) throws -> Process {
        let process = process(arguments, environment: [:])
        let handle = try handle(log)
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    /// Starts a command with pipes to and from it.
    func talk(
        _ arguments: [String]
    ) throws -> (process: Process, input: FileHandle, output: FileHandle) {
        let process = process(arguments, environment: [:])
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, input.fileHandleForWriting, output.fileHandleForReading)
    }

    private func handle(_ name: String) throws -> FileHandle {
        try write(name, "")
        return try FileHandle(forWritingTo: URL(filePath: path(name)))
    }

    /// Checks that a command ends with this status and one sentence.
    func expect(
        _ status: Int32,
        _ words: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await run(arguments, environment: environment)
        #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(
            outcome.complaint.hasPrefix("error: ") && outcome.complaint.contains(words),
            "\(outcome.errors)",
            sourceLocation: sourceLocation
        )
        #expect(outcome.output.isEmpty, "\(outcome.output)", sourceLocation: sourceLocation)
    }
}
