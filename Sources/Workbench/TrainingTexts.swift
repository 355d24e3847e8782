// Training texts as tools read them: lines of `{"text"}`, perhaps with `{"contributor"}`.

import JSON

package struct TrainingTexts: Sendable {
    /// One line, or nil where it is bad.
    struct Line: Sendable {
        let text: String
        let contributor: String
    }

    let lines: [Line?]
    /// The bad lines, with their numbers from 1.
    package let defects: [(line: Int, defect: LineDefect)]

    package var count: Int { lines.count }

    package init(_ reader: LineReader) throws {
        var reader = reader
        var lines: [Line?] = []
        var defects: [(line: Int, defect: LineDefect)] = []
        while let line = try reader.next() {
            do {
                guard case .bytes(let bytes) = line else {
                    throw LineDefect("the line has more than \(LineReader.byteLimit) bytes")
                }
                let object = try LineProtocol.object(of: bytes)
                lines.append(
                    Line(
                        text: try object.requiredText("text"),
                        contributor: try object.text("contributor") ?? ""
                    )
                )
            } catch let defect as LineDefect {
                lines.append(nil)
                defects.append((lines.count, defect))
            }
        }
        guard lines.contains(where: { $0 != nil }) else {
            throw WorkbenchError.badFile("there is no training text")
        }
        self.lines = lines
        self.defects = defects
    }
}
