// What the reader sees. Lines go to standard output at once, so that a log of the story can be
// followed while it runs.

import Foundation

/// Writes headings, checked sentences and tables; colours only on a terminal.
struct Screen: Sendable {
    private let colours: Bool

    init() {
        colours =
            isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    }

    func heading(_ step: Int, of count: Int, _ title: String) {
        line("")
        line(paint("\(step)/\(count)  \(title)", "1;36"))
    }

    /// A statement that was checked and holds.
    func checked(_ sentence: String) { line("  \(paint("✓", "32")) \(sentence)") }

    func note(_ sentence: String) { line("    \(sentence)") }

    func faint(_ sentence: String) { line("    \(paint(sentence, "2"))") }

    func failed(_ sentence: String) { line("  \(paint("✗", "31")) \(sentence)") }

    /// Columns as wide as their widest cell; numbers to the right.
    func table(_ header: [String], _ rows: [[String]]) {
        let all = [header] + rows
        let widths = header.indices.map { column in
            all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        for (index, row) in all.enumerated() {
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
                return index > 0 && Self.isNumber(cell) ? padding + cell : cell + padding
            }
            let text = "    " + cells.joined(separator: "  ")
            line(index == 0 ? paint(text, "2") : text)
        }
    }

    func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    private static func isNumber(_ cell: String) -> Bool {
        guard let first = cell.unicodeScalars.first else { return false }
        return "0123456789+-−".unicodeScalars.contains(first)
            && cell.unicodeScalars.allSatisfy { "0123456789+-−.,/ %".unicodeScalars.contains($0) }
    }

    private func paint(_ text: String, _ code: String) -> String {
        colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
