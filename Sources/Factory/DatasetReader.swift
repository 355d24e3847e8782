// Reads a JSONL dataset of any of the usual shapes into records. Nothing is dropped in silence:
// each row that yields no record is listed with its line and the reason.

package import Commitments
package import Foundation
import JSON

package enum DatasetError: Error, Equatable {
    case unreadable(path: String, reason: String)
    case tooLarge(bytes: Int, limit: Int)
    /// No row gave a record.
    case empty(skipped: [SkippedRow])
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
        }
    }
}

/// What a dataset file holds.
package struct Dataset: Sendable, Equatable {
    package static let byteLimit = 256 << 20

    package let records: [DataRecord]
    /// The line of each record, counted from 1.
    package let lines: [Int]
    package let skipped: [SkippedRow]
}

extension Dataset {
    package init(contentsOf file: URL) throws(DatasetError) {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            let reason = (error as NSError).localizedDescription
            throw .unreadable(path: file.path, reason: reason)
        }
        try self.init(jsonLines: [UInt8](data))
    }

    package init(jsonLines bytes: [UInt8]) throws(DatasetError) {
        guard bytes.count <= Self.byteLimit else {
            throw .tooLarge(bytes: bytes.count, limit: Self.byteLimit)
        }
        var records: [DataRecord] = []
        var lines: [Int] = []
        var skipped: [SkippedRow] = []
        var rows = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        // The line break at the end of the file starts no row.
        if rows.last?.isEmpty == true { rows.removeLast() }
        for (index, row) in rows.enumerated() {
            do throws(SkippedRow.Reason) {
                let record = try DatasetRow.record(Array(row))
                guard records.count < DataRecord.listLimit else {
                    throw .overCount(limit: DataRecord.listLimit)
                }
                records.append(record)
                lines.append(index + 1)
            } catch {
                skipped.append(SkippedRow(line: index + 1, reason: error))
            }
        }
        guard !records.isEmpty else { throw .empty(skipped: skipped) }
        self.records = records
        self.lines = lines
        self.skipped = skipped
    }
}

extension SkippedRow.Reason: Error {}
