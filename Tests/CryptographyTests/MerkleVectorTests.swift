import Cryptography
import Foundation
import Primitives
import TestSupport
import Testing

/// RFC 6962 as certificate logs use it.
private enum CertificateLog: MerkleHashing {
    static let emptyRoot = SHA256.hash([])
    static func leaf(_ bytes: [UInt8]) -> [UInt8] { SHA256.hash([0] + bytes) }
    static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        SHA256.hash([1] + left + right)
    }
}

@Suite("RFC 6962 vectors") struct MerkleVectorTests {
    private struct Inclusion: Decodable {
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: Data?
        let leafHash: Data?
        let proof: [Data]?
        let wantErr: Bool
    }

    private struct Consistency: Decodable {
        let size1: UInt64
        let size2: UInt64
        let root1: Data?
        let root2: Data?
        let proof: [Data]?
        let wantErr: Bool
    }

    @Test("inclusion proofs are judged as the outside vectors say")
    func inclusion() throws {
        for (name, vector) in try vectors("inclusion", of: Inclusion.self) {
            let proof = MerkleProof(
                index: vector.leafIdx,
                count: vector.treeSize,
                path: (vector.proof ?? []).map { [UInt8]($0) }
            )
            let root = [UInt8](vector.root ?? Data())
            let leafHash = [UInt8](vector.leafHash ?? Data())
            // A hash without bytes does not exist with the fixed-length types used outside tests.
            let verdict =
                !root.isEmpty
                && proof.verify(leafHash: leafHash, root: root, CertificateLog.self)
            #expect(verdict == !vector.wantErr, "\(name)")
        }
    }

    @Test("consistency proofs are judged as the outside vectors say")
    func consistency() throws {
        for (name, vector) in try vectors("consistency", of: Consistency.self) {
            let proof = MerkleConsistency(
                oldCount: vector.size1,
                newCount: vector.size2,
                path: (vector.proof ?? []).map { [UInt8]($0) }
            )
            let verdict = proof.verify(
                oldRoot: [UInt8](vector.root1 ?? Data()),
                newRoot: [UInt8](vector.root2 ?? Data()),
                CertificateLog.self
            )
            #expect(verdict == !vector.wantErr, "\(name)")
        }
    }

    /// Every vector of one folder of the archive; empty, with a printed reason, when it is absent.
    private func vectors<Vector: Decodable>(
        _ folder: String,
        of type: Vector.Type
    ) throws -> [(String, Vector)] {
        guard let archive = SharedVectors.load("rfc6962.tar.gz") else { return [] }
        let place = FileManager.default.temporaryDirectory
            .appending(path: "merkle-vectors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let file = place.appending(path: "archive.tar.gz")
        try archive.write(to: file)
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/env")
        tar.arguments = ["tar", "xzf", file.path, "-C", place.path]
        try tar.run()
        tar.waitUntilExit()
        let names = try FileManager.default.subpathsOfDirectory(atPath: place.path).filter {
            $0.hasPrefix(folder + "/") && $0.hasSuffix(".json")
        }
        #expect(names.count > 50)
        return try names.map { name in
            let data = try Data(contentsOf: place.appending(path: name))
            return (name, try JSONDecoder().decode(Vector.self, from: data))
        }
    }
}
