import Foundation
import Testing

@Suite("Tidy: documents") struct DocumentTests {
    @Test("every link of the documents resolves")
    func links() throws {
        for document in Repository.documents {
            let folder = (document.path as NSString).deletingLastPathComponent
            for link in Self.links(in: document) where !link.contains("://") {
                let parts = link.split(
                    separator: "#",
                    maxSplits: 1,
                    omittingEmptySubsequences: false
                )
                let target =
                    parts[0].isEmpty
                    ? document.path
                    : ((folder as NSString).appendingPathComponent(String(parts[0])) as NSString)
                        .standardizingPath
                guard Repository.exists(target) else {
                    Issue.record("\(document.path) links to \(link), which does not exist")
                    continue
                }
                if parts.count == 2, target.hasSuffix(".md") {
                    let anchors = Self.anchors(in: try Repository.text(target))
                    #expect(anchors.contains(String(parts[1])), "\(document.path) links to \(link)")
                }
            }
        }
    }

    @Test("every path that a document quotes exists")
    func paths() {
        for document in Repository.documents {
            let quoted = document.lines.flatMap { line in
                line.matches(
                    of:
                        /`((?:Sources|Tests|Scripts|docs|genesis|network-config|examples)\/[\w.\/-]*)`/
                )
                .map { String($0.output.1) }
            }
            for path in quoted {
                #expect(Repository.exists(path), "\(document.path) names \(path)")
            }
        }
    }

    @Test("headings become anchors as the usual renderers make them")
    func anchorRule() {
        #expect(
            Self.anchors(in: "# One, two\n## `three` & four\ntext") == ["one-two", "three--four"]
        )
    }

    static func links(in document: SourceFile) -> [String] {
        var insideCode = false
        return document.lines.flatMap { line -> [String] in
            if line.hasPrefix("```") { insideCode.toggle() }
            guard !insideCode else { return [] }
            return line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)\)/)
                .map { String($0.output.1) }
        }
    }

    static func anchors(in text: String) -> Set<String> {
        Set(
            text.components(separatedBy: "\n").filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                    .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .replacingOccurrences(of: " ", with: "-")
            }
        )
    }
}
