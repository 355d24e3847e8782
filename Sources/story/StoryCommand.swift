// Runs the whole product once, from outside: the `openledger` command and the RPC of running
// nodes, nothing else. Each step checks its outcome; the first that fails ends the story.

import ArgumentParser
import Foundation
import JSON

@main
struct StoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "story",
        abstract: "Four validators, three contributors, a builder, a cheat and a user."
    )

    enum Model: String, ExpressibleByArgument, CaseIterable { case small, smollm2 }

    @Option(help: "Which base model: small (part of the project) or smollm2.")
    var model = Model.small

    @Flag(help: "Leave the network running at the end.")
    var keep = false

    @Option(help: "Write every figure to this file.")
    var json: String?

    @Option(help: "Where the story keeps its files; a new temporary folder by default.")
    var home: String?

    @Option(help: "The project's folder, with examples/ and models/.")
    var project = FileManager.default.currentDirectoryPath

    @Option(help: "The openledger command; by default the one beside this program.")
    var openledger: String?

    mutating func run() async throws {
        Children.shared.stopOnSignals()
        defer { Children.shared.stopAll() }
        let home = try makeHome()
        var story = Story(
            screen: Screen(),
            tool: Tool(executable: tool(), logs: home.appending(path: "logs")),
            home: home,
            project: URL(filePath: project),
            model: model
        )
        let completed = await story.tell()
        if let json {
            let figures = story.report.json(
                model: model.rawValue,
                completed: completed,
                of: Story.titles.count
            )
            try (figures.prettyText + "\n").write(toFile: json, atomically: true, encoding: .utf8)
        }
        let isComplete = completed == Story.titles.count
        story.screen.line("")
        story.screen.line(
            "story \(isComplete ? "complete" : "stopped"): \(completed)/\(Story.titles.count)"
        )
        guard isComplete else { throw ExitCode(1) }
        if keep { try await story.waitForTheReader() }
        Children.shared.stopAll()
        // A story that stopped leaves its logs; one that was told leaves nothing unasked.
        if self.home == nil { try? FileManager.default.removeItem(at: home) }
    }

    private func makeHome() throws -> URL {
        let folder =
            home.map { URL(filePath: $0) }
            ?? FileManager.default.temporaryDirectory.appending(
                path: "openledger-story-\(ProcessInfo.processInfo.processIdentifier)"
            )
        try FileManager.default.createDirectory(
            at: folder.appending(path: "logs"),
            withIntermediateDirectories: true
        )
        return folder
    }

    private func tool() -> URL {
        if let openledger { return URL(filePath: openledger) }
        let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appending(path: "openledger")
    }
}
