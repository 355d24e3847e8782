import Foundation
import Primitives

/// A decoder of outside bytes, and examples of what it reads.
struct FuzzTarget {
    let name: String
    let seeds: [[UInt8]]
    let run: ([UInt8]) -> Void

    /// Longer inputs find little that shorter ones do not, and take longer.
    static let byteLimit = 14_000

    init(name: String, seeds: [[UInt8]], run: @escaping ([UInt8]) -> Void) {
        self.name = name
        self.seeds = seeds
        self.run = run
    }

    /// A Borsh type: what decodes must encode to the same bytes.
    static func borsh<Value: BorshCodable>(
        _ name: String,
        _ type: Value.Type,
        seeds: [Value]
    ) -> FuzzTarget {
        FuzzTarget(name: name, seeds: seeds.map(\.borshBytes)) { bytes in
            guard let value = try? Value(borsh: bytes) else { return }
            precondition(value.borshBytes == bytes, "\(name) has two encodings")
        }
    }

    static func all() throws -> [FuzzTarget] {
        try chainTargets() + commitmentTargets() + textTargets() + modelTargets()
            + shellTargets() + [replicaTarget()]
    }

    func writeSeeds(to folder: URL) throws {
        let own = folder.appending(path: name)
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        for (number, seed) in seeds.enumerated() {
            try Data(seed).write(to: own.appending(path: "seed-\(number)"))
        }
    }
}
