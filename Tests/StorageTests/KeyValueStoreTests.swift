import Storage
import TestSupport
import Testing

@Suite("Key-value store")
struct KeyValueStoreTests {
    let scratch = ScratchDirectory()

    private func open() throws -> KeyValueStore { try KeyValueStore(path: scratch.file("db")) }

    @Test("a batch is there in full after closing and opening again")
    func reopens() throws {
        do {
            let store = try open()
            var batch = WriteBatch()
            batch.put(.state, [1], [10])
            batch.put(.meta, [1], [20])
            batch.put(.state, [], [30])
            batch.put(.state, [2], [])
            try store.write(batch, sync: true)
        }
        let store = try open()
        #expect(try store.value(.state, [1]) == [10])
        #expect(try store.value(.meta, [1]) == [20])
        #expect(try store.value(.state, []) == [30])
        #expect(try store.value(.state, [2]) == [])
        #expect(try store.value(.blocks, [1]) == nil)
    }

    @Test("a scan gives the pages that sorting a dictionary would give, in both directions")
    func scansLikeADictionary() throws {
        var random = SeededGenerator(seed: 7)
        let store = try open()
        var model: [[UInt8]: [UInt8]] = [:]
        var batch = WriteBatch()
        for _ in 0..<400 {
            let key: [UInt8] = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                [UInt8(0), 1, 0xfe, 0xff].randomElement(using: &random) ?? 0
            }
            let value = random.bytes(3)
            model[key] = value
            batch.put(.state, key, value)
        }
        for key in model.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).prefix(20) {
            model[key] = nil
            batch.delete(.state, key)
        }
        try store.write(batch, sync: false)

        for prefix in [[], [0], [0xff], [0xff, 0xff], [1, 0xfe], [7]] as [[UInt8]] {
            for descending in [false, true] {
                let ascending = model.filter { $0.key.starts(with: prefix) }
                    .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.key)
                let expected = descending ? ascending.reversed() : ascending
                var found: [[UInt8]] = []
                while true {
                    let page = try store.scan(
                        .state,
                        prefix: prefix,
                        after: found.last,
                        limit: 7,
                        descending: descending
                    )
                    #expect(page.count <= 7)
                    #expect(page.allSatisfy { model[$0.key] == $0.value })
                    found += page.map(\.key)
                    if page.isEmpty { break }
                }
                #expect(found == expected, "prefix \(prefix) descending \(descending)")
            }
        }
    }

    @Test("a range delete takes what lies in the range and nothing else")
    func deletesRanges() throws {
        let store = try open()
        var batch = WriteBatch()
        for key in UInt8(0)..<10 { batch.put(.nodes, [key], [key]) }
        try store.write(batch, sync: false)
        var second = WriteBatch()
        second.deleteRange(.nodes, from: [3], to: [6])
        try store.write(second, sync: false)
        let keys = try store.scan(.nodes, limit: 100).map { $0.key[0] }
        #expect(keys == [0, 1, 2, 6, 7, 8, 9])
    }

    @Test("a snapshot does not see what is written after it")
    func snapshots() throws {
        let store = try open()
        var batch = WriteBatch()
        batch.put(.state, [1], [1])
        try store.write(batch, sync: false)
        let snapshot = store.snapshot()
        var second = WriteBatch()
        second.put(.state, [1], [2])
        second.put(.state, [2], [2])
        try store.write(second, sync: false)
        #expect(try snapshot.value(.state, [1]) == [1])
        #expect(try snapshot.scan(.state, limit: 10).count == 1)
        #expect(try store.value(.state, [1]) == [2])
    }

    @Test("a store that is open cannot be opened a second time")
    func isExclusive() throws {
        let store = try open()
        #expect(throws: StorageError.locked(path: scratch.file("db"))) { try open() }
        #expect(try store.value(.state, [1]) == nil)
    }

    @Test(
        "RocksDB's messages become errors that can be acted on",
        arguments: [
            (
                "IO error: No space left on device: While appending",
                StorageError.diskFull(path: "p")
            ),
            ("IO error: While open a file: x: Permission denied", .notWritable(path: "p")),
            ("IO error: x: Read-only file system", .notWritable(path: "p")),
            (
                "IO error: While lock file: x/LOCK: Resource temporarily unavailable",
                .locked(path: "p")
            ),
            ("Corruption: bad block", .corrupt(path: "p", detail: "Corruption: bad block")),
            ("IO error: No such file or directory: x", .missing(path: "p")),
            ("Shutdown in progress", .io(path: "p", detail: "Shutdown in progress")),
        ]
    )
    func translates(text: String, error: StorageError) {
        #expect(StorageError(rocksMessage: text, path: "p") == error)
    }
}
