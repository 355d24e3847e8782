import JSON

/// JSON values as people read them: members one a line with their names aligned, lists of flat
/// objects as tables.
enum TextRendering {
    static func text(_ value: JSON) -> String { lines(value).joined(separator: "\n") }

    private static func lines(_ value: JSON) -> [String] {
        switch value {
        case .object(let object): members(object)
        case .array(let elements): elements.isEmpty ? ["none"] : list(elements)
        default: [scalar(value)]
        }
    }

    private static func scalar(_ value: JSON) -> String {
        switch value {
        case .null: "-"
        case .bool(let flag): flag ? "yes" : "no"
        case .number(let number): number.literal
        case .string(let text): text
        case .array, .object: value.compactText
        }
    }

    private static func isScalar(_ value: JSON) -> Bool {
        switch value {
        case .array(let elements): elements.isEmpty
        case .object(let object): object.count == 0
        default: true
        }
    }

    private static func members(_ object: JSONObject) -> [String] {
        let width = object.members.filter { isScalar($0.value) }.map(\.key.count).max() ?? 0
        return object.members.flatMap { member -> [String] in
            guard !isScalar(member.value) else {
                let padding = String(repeating: " ", count: width - member.key.count)
                let text = member.value.array == nil ? scalar(member.value) : "none"
                return ["\(member.key):\(padding) \(text)"]
            }
            return ["\(member.key):"] + lines(member.value).map { "  " + $0 }
        }
    }

    private static func list(_ elements: [JSON]) -> [String] {
        guard let first = elements.first?.object, first.count <= 8,
            elements.allSatisfy({ element in
                element.object.map { object in
                    object.keys == first.keys && object.members.allSatisfy { isScalar($0.value) }
                } ?? false
            })
        else {
            return elements.flatMap { element -> [String] in
                let inner = lines(element)
                return inner.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
            }
        }
        return table(
            first.keys,
            elements.map { $0.object?.members.map { scalar($0.value) } ?? [] }
        )
    }

    /// Columns as wide as their widest cell.
    static func table(_ header: [String], _ rows: [[String]]) -> [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            return line
        }
    }
}
