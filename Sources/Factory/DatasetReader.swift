// Reads a dataset of any of the usual formats and shapes into records. Nothing is dropped in silence:
// each row that yields no record is listed with its line and the reason.

package import Commitments
package import Foundation
import JSON

package enum DatasetError: Error, Equatable {
    case unreadable(path: String, reason: String)
    case tooLarge(bytes: Int, limit: Int)
    /// No row gave a record.
    case empty(skipped: [SkippedRow])
    case parquet(ParquetError)
}

extension DatasetError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .tooLarge(let bytes, let limit):
            "the dataset has \(bytes) bytes, more than the limit of \(limit)"
        case .empty(let skipped) where skipped.isEmpty: "the dataset has no rows"
        case .empty(let skipped):
            "the dataset has no usable row among \(skipped.count); first reason: \(skipped[0])"
        case .parquet(let error): error.description
        }
    }
}

/// What a dataset file holds.
package struct Dataset: Sendable, Equatable {
    package static let byteLimit = 256 << 20

    package enum Format: String, Sendable { case jsonLines, jsonArray, csv, parquet }

    package let format: Format
    package let records: [DataRecord]
    /// The line of each record, counted from 1; in Parquet, its row.
    package let lines: [Int]
    package let skipped: [SkippedRow]
}

extension Dataset {
    package init(
        contentsOf file: URL,
        options: DatasetOptions = DatasetOptions()
    ) throws(DatasetError) {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            let reason = (error as NSError).localizedDescription
            throw .unreadable(path: file.path, reason: reason)
        }
        try self.init([UInt8](data), options: options)
    }

    /// The format is what the content says: Parquet's mark, an array's bracket, a first line of
    /// known column names, and otherwise a JSON object a line.
    package init(
        _ bytes: [UInt8],
        options: DatasetOptions = DatasetOptions()
    ) throws(DatasetError) {
        guard bytes.count <= Self.byteLimit else {
            throw .tooLarge(bytes: bytes.count, limit: Self.byteLimit)
        }
        let isMarked = bytes.starts(with: [0xef, 0xbb, 0xbf])
        let text = isMarked ? bytes[3...] : bytes[...]
        let first = text.first { !DatasetRow.isSpace($0) }
        var rows = DatasetRows(options)
        if bytes.starts(with: Array("PAR1".utf8)) {
            do throws(ParquetError) {
                try rows.readParquet(bytes[...])
            } catch {
                throw .parquet(error)
            }
            format = .parquet
        } else if first == UInt8(ascii: "[") {
            rows.readArray(text)
            format = .jsonArray
        } else if first != UInt8(ascii: "{"), rows.readCSV(text) {
            format = .csv
        } else {
            rows.readLines(text)
            format = .jsonLines
        }
        guard !rows.records.isEmpty else { throw .empty(skipped: rows.skipped) }
        records = rows.records
        lines = rows.lines
        skipped = rows.skipped
    }

    package init(jsonLines bytes: [UInt8]) throws(DatasetError) {
        guard bytes.count <= Self.byteLimit else {
            throw .tooLarge(bytes: bytes.count, limit: Self.byteLimit)
        }
        var rows = DatasetRows(DatasetOptions())
        rows.readLines(bytes[...])
        guard !rows.records.isEmpty else { throw .empty(skipped: rows.skipped) }
        format = .jsonLines
        records = rows.records
        lines = rows.lines
        skipped = rows.skipped
    }
}

extension SkippedRow.Reason: Error {}
