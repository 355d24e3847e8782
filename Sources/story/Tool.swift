import Foundation
import JSON

/// Runs the `openledger` command, as a person would, and reads what it prints.
struct Tool: Sendable {
    let executable: URL
    /// Standard output and error of each run are kept here.
    let logs: URL

    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// The last sentence on standard error: what the command has to say about a failure.
        var complaint: String {
            errors.split(separator: "\n").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        }
    }

    /// Runs a command with `--output json` and gives what it printed.
    func json(_ arguments: [String], showsProgress: Bool = false) async throws -> JSON {
        let outcome = try await run(arguments + ["--output", "json"], showsProgress: showsProgress)
        guard outcome.status == 0 else {
            throw StoryFailure(
                "openledger \(arguments.joined(separator: " ")) ended with \(outcome.status): "
                    + outcome.complaint
            )
        }
        do {
            return try JSON.parse(outcome.output)
        } catch {
            throw StoryFailure("openledger \(arguments.first ?? "") printed no JSON: \(error)")
        }
    }

    /// Runs a command to its end; a failure is an outcome like any other.
    ///
    /// - Parameter showsProgress: standard error is shown as it comes (and then not captured).
    func run(_ arguments: [String], showsProgress: Bool = false) async throws -> Outcome {
        let name =
            "\(Int(Date().timeIntervalSince1970 * 1000))-\(arguments.prefix(2).joined(separator: "-"))"
        let output = logs.appending(path: "\(name).out")
        let errors = logs.appending(path: "\(name).err")
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.handle(output)
        process.standardError = showsProgress ? FileHandle.standardError : try Self.handle(errors)
        Children.shared.add(process)
        defer { Children.shared.remove(process) }
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do { try process.run() } catch {
                process.terminationHandler = nil
                done.resume(
                    throwing: StoryFailure("\(executable.path) cannot be started: \(error)")
                )
            }
        }
        return Outcome(
            status: process.terminationStatus,
            output: (try? String(contentsOf: output, encoding: .utf8)) ?? "",
            errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
        )
    }

    /// Starts a command that runs until it is stopped; it logs to a file of its own.
    func start(_ arguments: [String], log: String) throws -> Process {
        let handle = try Self.handle(logs.appending(path: log))
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        do { try process.run() } catch {
            throw StoryFailure("\(executable.path) cannot be started: \(error)")
        }
        Children.shared.add(process)
        return process
    }

    private static func handle(_ file: URL) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw StoryFailure("\(file.path) cannot be written")
        }
        return try FileHandle(forWritingTo: file)
    }
}
