import Foundation

/// A text file of the repository, with its path relative to the root.
struct SourceFile: Sendable {
    let path: String
    let lines: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.components(separatedBy: "\n")
    }

    /// The folder under `Sources` or `Tests`, which is the target's name.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    /// The lines with comments and the contents of strings blanked, so that a word in a message is
    /// not taken for code.
    var code: [String] {
        var insideText = false
        return lines.map { line in
            if line.contains("\"\"\"") {
                insideText.toggle()
                return ""
            }
            return insideText ? "" : Self.withoutText(line)
        }
    }

    private static func withoutText(_ line: String) -> String {
        line.replacing(/#"(?:[^"]|"(?!#))*"#|"(?:\\.|[^"\\])*"/, with: "\"\"")
            .replacing(/\/\/.*$/, with: "")
    }
}

enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let swiftFiles = files(
        under: ["Sources", "Tests", "Benchmarks", "Fuzz"],
        ending: ".swift"
    )
    static let documents = files(under: [""], ending: ".md")

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    private static func files(under folders: [String], ending: String) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let base = folder.isEmpty ? root : root.appending(path: folder)
            guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
            var found: [SourceFile] = []
            for case let name as String in walk {
                // `.build` holds the dependencies' sources, which are not ours to judge.
                if name.hasPrefix(".") || name.contains("/.") {
                    walk.skipDescendants()
                    continue
                }
                let path = folder.isEmpty ? name : folder + "/" + name
                guard name.hasSuffix(ending), let text = try? text(path) else { continue }
                found.append(SourceFile(path: path, text: text))
            }
            return found.sorted { $0.path < $1.path }
        }
    }
}
