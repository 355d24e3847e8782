import CRocksDB
import Foundation
import Storage
import Testing

@Suite("Database that is damaged or of another release")
struct DamagedDatabaseTests {
    let scratch = ScratchDirectory()
    private var path: String { scratch.file("db") }

    private func write(_ keys: ClosedRange<UInt8>) throws {
        let store = try KeyValueStore(path: path)
        for key in keys {
            var batch = WriteBatch()
            batch.put(.consensus, [key], [UInt8](repeating: key, count: 100))
            try store.write(batch, sync: true)
        }
    }

    /// The write-ahead log, which holds what was written since the database was opened.
    private func log() throws -> URL {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        let logs = names.filter { $0.hasSuffix(".log") }.sorted()
        return URL(filePath: path + "/" + (try #require(logs.last)))
    }

    private func make(families: [String]) {
        let options = rocksdb_options_create()
        defer { rocksdb_options_destroy(options) }
        rocksdb_options_set_create_if_missing(options, 1)
        var error: UnsafeMutablePointer<CChar>?
        let database = rocksdb_open(options, path, &error)
        for name in families {
            let family = rocksdb_create_column_family(database, options, name, &error)
            rocksdb_column_family_handle_destroy(family)
        }
        rocksdb_close(database)
        #expect(error == nil)
    }

    @Test("a record that was being written is dropped, wherever it was cut")
    func tornTail() throws {
        try write(1...3)
        let good = try Data(contentsOf: try log())
        for cut in [1, 50, 110] {
            try good.dropLast(cut).write(to: try log())
            do {
                let store = try KeyValueStore(path: path)
                #expect(try store.value(.consensus, [2]) != nil)
                #expect(try store.value(.consensus, [3]) == nil)
            }
            try FileManager.default.removeItem(atPath: path)
            try write(1...3)
        }
    }

    @Test("a log that is damaged before its end refuses to open instead of losing what follows")
    func damagedLog() throws {
        try write(1...3)
        let log = try log()
        var bytes = try Data(contentsOf: log)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: log)
        #expect {
            try KeyValueStore(path: path)
        } throws: { error in
            if case StorageError.corrupt(path, _) = error { true } else { false }
        }
    }

    @Test("a key space that this release does not know is named")
    func laterRelease() throws {
        make(families: ["state", "futures"])
        #expect(throws: StorageError.unknownFamilies(path: path, names: ["futures"])) {
            try KeyValueStore(path: path)
        }
    }

    @Test("a database of an earlier release gets the key spaces that it lacks")
    func earlierRelease() throws {
        make(families: ["state", "meta"])
        try write(1...1)
        let store = try KeyValueStore(path: path)
        #expect(try store.value(.consensus, [1]) != nil)
    }

    @Test("a state without an identity is damage, not a new database")
    func noIdentity() throws {
        do {
            let store = try KeyValueStore(path: path)
            var batch = WriteBatch()
            batch.put(.state, [1], [1])
            try store.write(batch, sync: true)
        }
        #expect {
            try Database(path: path, genesis: SoloChain.genesis())
        } throws: { error in
            if case StorageError.corrupt(path, _) = error { true } else { false }
        }
    }

    @Test("a store whose disk refused a write can be let go")
    func refusedWrite() async throws {
        await #expect(processExitsWith: .exitCode(3)) { [path = path as String] in
            signal(SIGXFSZ, SIG_IGN)
            do {
                let store = try KeyValueStore(path: path)
                var limit = rlimit(rlim_cur: 1, rlim_max: 1)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                var batch = WriteBatch()
                batch.put(.state, [1], [UInt8](repeating: 1, count: 100_000))
                #expect(throws: StorageError.self) { try store.write(batch, sync: true) }
            }
            exit(3)
        }
    }
}
