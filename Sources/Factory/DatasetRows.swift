// The rows of a file in each format, on their way to records.

import Commitments
import JSON

struct DatasetRows {
    private(set) var records: [DataRecord] = []
    private(set) var lines: [Int] = []
    private(set) var skipped: [SkippedRow] = []
    private let options: DatasetOptions

    init(_ options: DatasetOptions) { self.options = options }

    private mutating func add(
        line: Int,
        _ read: (DatasetOptions) throws(SkippedRow.Reason) -> [DataRecord]
    ) {
        do throws(SkippedRow.Reason) {
            let found = try read(options)
            guard found.count <= DataRecord.listLimit - records.count else {
                throw .overCount(limit: DataRecord.listLimit)
            }
            records += found
            lines += [Int](repeating: line, count: found.count)
        } catch {
            skipped.append(SkippedRow(line: line, reason: error))
        }
    }

    mutating func readLines(_ bytes: ArraySlice<UInt8>) {
        var rows = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        // The line break at the end of the file starts no row.
        if rows.last?.isEmpty == true { rows.removeLast() }
        for (index, row) in rows.enumerated() {
            add(line: index + 1) { options throws(SkippedRow.Reason) in
                try DatasetRow.records(row, options)
            }
        }
    }

    /// - Precondition: the first byte after white space is `[`.
    mutating func readArray(_ bytes: ArraySlice<UInt8>) {
        var elements = JSONElements(bytes)
        var last = 1
        while let element = elements.next() {
            last = element.line
            add(line: element.line) { options throws(SkippedRow.Reason) in
                try DatasetRow.records(element.bytes, options)
            }
        }
        if !elements.isClosed {
            let reason = SkippedRow.Reason.invalidJSON("the array is not closed")
            skipped.append(SkippedRow(line: last, reason: reason))
        }
    }

    /// Returns false, and reads nothing, unless the first line has a column name that is known.
    mutating func readCSV(_ bytes: ArraySlice<UInt8>) -> Bool {
        var reader = CSVReader(bytes)
        guard let head = try? reader.next() else { return false }
        let names = head.fields.map { String(decoding: $0, as: UTF8.self) }
        guard names.contains(where: DatasetRow.fields.contains) else { return false }
        while true {
            do throws(CSVReader.Failure) {
                guard let row = try reader.next() else { return true }
                add(line: row.line) { options throws(SkippedRow.Reason) in
                    try DatasetRow.records(Self.object(row, names), options)
                }
            } catch {
                switch error {
                case .unclosedQuote(let line), .strayQuote(let line):
                    skipped.append(SkippedRow(line: line, reason: .quote))
                }
            }
        }
    }

    /// A row as an object of the known columns; an empty cell is null.
    private static func object(
        _ row: CSVReader.Row,
        _ names: [String]
    ) throws(SkippedRow.Reason) -> JSONObject {
        guard !row.isBlank else { throw .blank }
        guard row.fields.count == names.count else {
            throw .columns(found: row.fields.count, expected: names.count)
        }
        var members: [JSONObject.Member] = []
        for (name, field) in zip(names, row.fields) where DatasetRow.fields.contains(name) {
            guard let text = String(validating: field, as: UTF8.self) else {
                throw .notUTF8(field: name)
            }
            // Conversations stand in a cell as JSON.
            if name == "messages" || name == "conversations" {
                let value: JSON
                do {
                    value = try JSON.parse(field, depthLimit: 16)
                } catch {
                    throw .invalidJSON(error.description)
                }
                members.append(.init(key: name, value: value))
            } else {
                members.append(.init(key: name, value: field.isEmpty ? .null : .string(text)))
            }
        }
        guard let object = JSONObject(unique: members) else { throw .repeatedColumn }
        return object
    }

    mutating func readParquet(_ bytes: ArraySlice<UInt8>) throws(ParquetError) {
        let file = try ParquetRows(
            bytes,
            names: DatasetRow.fields,
            fields: DatasetRow.turnFields
        )
        var line = 0
        for group in 0..<file.groupCount {
            for row in try file.rows(ofGroup: group) {
                line += 1
                add(line: line) { options throws(SkippedRow.Reason) in
                    try DatasetRow.records(row, options)
                }
            }
            guard line <= ParquetPages.entryLimit else {
                throw .overLimit(
                    what: "rows",
                    found: UInt64(line),
                    limit: ParquetPages.entryLimit
                )
            }
        }
    }
}
