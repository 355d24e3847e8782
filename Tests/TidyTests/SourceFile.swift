import Foundation

/// A text file of the repository, with its path relative to the root.
struct SourceFile: Sendable {
    let path: String
    let lines: [String]

    /// The lines with comments and the contents of strings blanked, so that a word in a message is
    /// not taken for code.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        code = Self.code(lines)
    }

    /// The folder under `Sources` or `Tests`, which is the target's name.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    private static func code(_ lines: [String]) -> [String] {
        var insideText = false
        return lines.map { line in
            guard line.utf8.contains(where: { $0 == 0x22 || $0 == 0x2f }) else {
                return insideText ? "" : line
            }
            if line.contains("\"\"\"") {
                insideText.toggle()
                return ""
            }
            return insideText ? "" : withoutText(line)
        }
    }

    private static func withoutText(_ line: String) -> String {
        let bytes = Array(line.utf8)
        let quote = UInt8(ascii: "\"")
        var kept: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: [UInt8(ascii: "/"), UInt8(ascii: "/")]) { break }
            guard bytes[index] == quote else {
                kept.append(bytes[index])
                index += 1
                continue
            }
            let isRaw = index > 0 && bytes[index - 1] == UInt8(ascii: "#")
            index += 1
            while index < bytes.count, bytes[index] != quote || isRaw && !hash(bytes, index + 1) {
                index += !isRaw && bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            index += 1
            kept += [quote, quote]
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func hash(_ bytes: [UInt8], _ index: Int) -> Bool {
        index < bytes.count && bytes[index] == UInt8(ascii: "#")
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
