// The provider's memory of what it served: a file to which receipts are appended, each on disk
// before its answer leaves. What is not on disk cannot be settled.

package import Commitments
import Cryptography
package import Foundation
package import Primitives

/// A receipt and the payer's best promise at that time; no voucher where answers are free.
package struct StoredReceipt: BorshCodable, Sendable, Equatable {
    package let receipt: InferenceReceipt
    package let voucher: Voucher?

    package init(receipt: InferenceReceipt, voucher: Voucher?) {
        self.receipt = receipt
        self.voucher = voucher
    }

    package func encode(to writer: inout BorshWriter) {
        writer.write(receipt)
        writer.writeOptional(voucher)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        receipt = try InferenceReceipt(from: &reader)
        voucher = try reader.readOptional()
    }
}

package enum ReceiptStoreError: Error, Equatable {
    case cannotOpen(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    /// A record that is not the last one is broken: the file was changed.
    case corrupt(path: String, offset: Int)
}

/// Records in the file: u32 length, Borsh of `StoredReceipt`, the first 8 bytes of their hash.
package struct ReceiptStore: ~Copyable {
    private static let tag = HashTag("openledger/receipt-file/v1")
    private static let checkBytes = 8
    private static let recordLimit = 1 << 20

    private let file: FileHandle
    private let path: String
    package private(set) var receipts: [StoredReceipt]

    /// Opens or creates the file. A record that a crash left unfinished at the end is dropped; its
    /// answer never left.
    package init(at url: URL) throws(ReceiptStoreError) {
        let (file, receipts) = try Self.open(url)
        self.file = file
        self.receipts = receipts
        path = url.path
    }

    private static func open(
        _ url: URL
    ) throws(ReceiptStoreError) -> (FileHandle, [StoredReceipt]) {
        let file: FileHandle
        let bytes: [UInt8]
        do {
            if !FileManager.default.fileExists(atPath: url.path) {
                try Data().write(to: url, options: .withoutOverwriting)
            }
            file = try FileHandle(forUpdating: url)
            bytes = [UInt8](try file.readToEnd() ?? Data())
        } catch {
            throw .cannotOpen(path: url.path, reason: (error as NSError).localizedDescription)
        }
        let (receipts, end) = try read(bytes, path: url.path)
        guard end < bytes.count else { return (file, receipts) }
        do {
            try file.truncate(atOffset: UInt64(end))
            try file.synchronize()
        } catch {
            throw .cannotWrite(path: url.path, reason: "\(error)")
        }
        return (file, receipts)
    }

    deinit { try? file.close() }

    /// Writes a record and waits until it is on disk. A throw leaves the file as it was.
    package mutating func append(_ record: StoredReceipt) throws(ReceiptStoreError) {
        let payload = record.borshBytes
        var writer = BorshWriter()
        writer.writeBytes(payload)
        writer.writeRaw(Self.check(payload))
        var end: UInt64?
        do {
            end = try file.seekToEnd()
            try file.write(contentsOf: writer.bytes)
            try file.synchronize()
        } catch {
            // A half-written record would hide the ones after it.
            if let end { try? file.truncate(atOffset: end) }
            throw .cannotWrite(path: path, reason: (error as NSError).localizedDescription)
        }
        receipts.append(record)
    }

    private static func check(_ payload: [UInt8]) -> [UInt8] {
        Array(taggedHash(tag, payload).bytes.prefix(checkBytes))
    }

    /// The records, and where the last whole one ends.
    private static func read(
        _ bytes: [UInt8],
        path: String
    ) throws(ReceiptStoreError) -> ([StoredReceipt], end: Int) {
        var receipts: [StoredReceipt] = []
        var reader = BorshReader(bytes)
        while reader.remaining > 0 {
            let start = reader.offset
            do throws(BorshError) {
                let payload = try reader.readBytes(limit: recordLimit)
                let stored = Array(try reader.readRaw(count: checkBytes))
                try reader.require(stored == check(payload), "check")
                receipts.append(try StoredReceipt(borsh: payload))
            } catch .truncated {
                return (receipts, start)
            } catch {
                throw .corrupt(path: path, offset: start)
            }
        }
        return (receipts, reader.offset)
    }
}
