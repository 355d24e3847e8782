import Commitments
import Foundation
import Primitives
import Serving
import Testing

@Suite("Receipt store") struct ReceiptStoreTests {
    static func receipt(_ sequence: UInt64) -> StoredReceipt {
        StoredReceipt(
            receipt: InferenceReceipt(
                channel: .zero,
                sequence: sequence,
                adapter: .zero,
                prompt: [1, 2],
                completion: [3],
                maxTokens: 1,
                fee: Amount(units: 30)
            ),
            voucher: nil
        )
    }

    static func withFile(_ body: (URL) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file)
    }

    @Test("a file cut at any byte loses its unfinished record and nothing else")
    func torn() throws {
        try Self.withFile { file in
            do {
                var store = try ReceiptStore(at: file)
                for sequence in 1...3 { try store.append(Self.receipt(UInt64(sequence))) }
            }
            let bytes = try Data(contentsOf: file)
            let size = bytes.count / 3
            for length in 0...bytes.count {
                try bytes.prefix(length).write(to: file)
                do {
                    var store = try ReceiptStore(at: file)
                    #expect(
                        store.receipts.map(\.receipt.sequence)
                            == (0..<length / size).map { UInt64($0 + 1) }
                    )
                    try store.append(Self.receipt(9))
                }
                let again = try ReceiptStore(at: file)
                #expect(again.receipts.count == length / size + 1)
                #expect(again.receipts.last == Self.receipt(9))
            }
        }
    }

    @Test("a changed byte inside the file is found")
    func corrupt() throws {
        try Self.withFile { file in
            do {
                var store = try ReceiptStore(at: file)
                for sequence in 1...2 { try store.append(Self.receipt(UInt64(sequence))) }
            }
            var bytes = try Data(contentsOf: file)
            bytes[40] ^= 1
            try bytes.write(to: file)
            #expect(throws: ReceiptStoreError.corrupt(path: file.path, offset: 0)) {
                _ = try ReceiptStore(at: file)
            }
        }
    }

    @Test("a folder that does not exist is named")
    func missing() {
        #expect(throws: ReceiptStoreError.self) {
            _ = try ReceiptStore(at: URL(filePath: "/nonexistent/receipts"))
        }
    }
}
