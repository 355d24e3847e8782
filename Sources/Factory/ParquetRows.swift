// Rows of a Parquet file as JSON objects: columns of strings, lists of strings, and lists of structs of
// strings, such as `messages` with `role` and `content`.

import JSON

struct ParquetRows {
    private let file: ArraySlice<UInt8>
    private let columns: [ParquetColumn]
    private let groups: [(rows: Int, chunks: [ParquetChunk])]

    /// - Parameters:
    ///   - names: the outermost columns to read; others are passed over, whatever they hold.
    ///   - fields: the fields to read of structs in them.
    init(
        _ file: ArraySlice<UInt8>,
        names: Set<String>,
        fields: Set<String>
    ) throws(ParquetError) {
        let schema = try ParquetSchema(file)
        self.file = file
        columns = schema.columns.filter { column in
            guard names.contains(column.path[0]) else { return false }
            return column.path.count <= 3 || fields.contains(column.path[column.path.count - 1])
        }
        groups = schema.groups
    }

    var groupCount: Int { groups.count }

    /// The rows of one group.
    func rows(ofGroup index: Int) throws(ParquetError) -> [JSONObject] {
        let group = groups[index]
        var fields = [[JSONObject.Member]](repeating: [], count: try checked(group.rows))
        var place = 0
        while place < columns.count {
            let name = columns[place].path[0]
            let family = columns[place...].prefix { $0.path[0] == name }
            place += family.count
            let values = try values(of: Array(family), group)
            for (row, value) in values.enumerated() {
                fields[row].append(.init(key: name, value: value))
            }
        }
        var rows: [JSONObject] = []
        for members in fields {
            guard let row = JSONObject(unique: members) else { throw .malformed("schema") }
            rows.append(row)
        }
        return rows
    }

    private func checked(_ rows: Int) throws(ParquetError) -> Int {
        guard rows <= ParquetPages.entryLimit else {
            throw .overLimit(
                what: "rows of a group",
                found: UInt64(rows),
                limit: ParquetPages.entryLimit
            )
        }
        return rows
    }

    /// The values of one outermost column, row by row.
    private func values(
        of family: [ParquetColumn],
        _ group: (rows: Int, chunks: [ParquetChunk])
    ) throws(ParquetError) -> [JSON] {
        var leaves: [(column: ParquetColumn, rows: [Leaf])] = []
        for column in family {
            guard let chunk = group.chunks.first(where: { $0.path == column.path }) else {
                throw .malformed("row group")
            }
            let entries = try ParquetPages.entries(of: chunk, column, in: file)
            let rows = try Self.rows(entries, column)
            guard rows.count == group.rows else { throw .malformed("column chunk") }
            leaves.append((column, rows))
        }
        var values: [JSON] = []
        for row in 0..<group.rows {
            values.append(try Self.value(leaves.map { ($0.column, $0.rows[row]) }))
        }
        return values
    }

    /// What a leaf has in one row.
    private enum Leaf {
        case missing
        case one(JSON)
        case list([JSON])
    }

    private static func rows(
        _ entries: ParquetEntries,
        _ column: ParquetColumn
    ) throws(ParquetError) -> [Leaf] {
        var rows: [Leaf] = []
        var list: [JSON]?
        var next = 0
        func finishRow() {
            if let list { rows.append(.list(list)) } else { rows.append(.missing) }
        }
        for (place, level) in entries.definitions.enumerated() {
            let definition = Int(level)
            var value = JSON.null
            if definition == column.maxDefinition {
                guard let text = String(validating: entries.values[next], as: UTF8.self) else {
                    throw .malformed("text")
                }
                value = .string(text)
                next += 1
            }
            guard column.maxRepetition > 0 else {
                rows.append(definition == column.maxDefinition ? .one(value) : .missing)
                continue
            }
            if entries.repetitions[place] == 0 {
                if place > 0 { finishRow() }
                list = definition >= column.listDefinition ? [] : nil
            }
            guard place > 0 || entries.repetitions[place] == 0 else { throw .malformed("levels") }
            if definition >= column.elementDefinition { list?.append(value) }
        }
        if column.maxRepetition > 0, !entries.definitions.isEmpty { finishRow() }
        return rows
    }

    /// Puts the leaves of one column together: a value, a list, or a list of structs.
    private static func value(_ leaves: [(column: ParquetColumn, leaf: Leaf)])
        throws(ParquetError) -> JSON
    {
        guard leaves.count > 1 || leaves[0].column.path.count > 3 else {
            switch leaves[0].leaf {
            case .missing: return .null
            case .one(let value): return value
            case .list(let values): return .array(values)
            }
        }
        var elements: [[JSONObject.Member]] = []
        for (place, (column, leaf)) in leaves.enumerated() {
            switch leaf {
            case .missing: return .null
            case .one: throw .unsupported("a struct outside of a list")
            case .list(let values):
                if place == 0 { elements = values.map { _ in [] } }
                guard values.count == elements.count else { throw .malformed("levels") }
                let name = column.path[column.path.count - 1]
                for (index, value) in values.enumerated() {
                    elements[index].append(.init(key: name, value: value))
                }
            }
        }
        var objects: [JSON] = []
        for members in elements {
            guard let object = JSONObject(unique: members) else { throw .malformed("schema") }
            objects.append(.object(object))
        }
        return .array(objects)
    }
}
