import Commitments
import Foundation
import Primitives

/// What only the contributor knows between commitment and reveal; kept in
/// `HOME/contributions/ID`.
struct HiddenContribution: BorshCodable {
    let datanet: Digest
    let salt: Digest
    let records: CommittedList<DataRecord>

    init(datanet: Digest, salt: Digest, records: CommittedList<DataRecord>) {
        self.datanet = datanet
        self.salt = salt
        self.records = records
    }

    func encode(to writer: inout BorshWriter) {
        writer.write(datanet)
        writer.write(salt)
        writer.write(records)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        datanet = try Digest(from: &reader)
        salt = try Digest(from: &reader)
        records = try CommittedList(from: &reader)
    }

    private static func folder(_ home: HomeOptions) -> String { home.path + "/contributions" }

    /// - Returns: the path of the file.
    func save(in home: HomeOptions, name: String) throws -> String {
        try InputFile.makeDirectory(Self.folder(home), isPrivate: true)
        let path = Self.folder(home) + "/" + name
        try InputFile.write(borshBytes, to: path)
        return path
    }

    func rename(_ path: String, to name: String, in home: HomeOptions) throws {
        do {
            try FileManager.default.moveItem(
                atPath: path,
                toPath: Self.folder(home) + "/" + name
            )
        } catch {
            throw CommandFailure(
                .environment,
                "\(path) cannot be renamed to \(name): \((error as NSError).localizedDescription)"
            )
        }
    }

    static func load(_ id: Digest, from home: HomeOptions) throws -> HiddenContribution {
        let path = folder(home) + "/\(id)"
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(
                .notFound,
                "\(folder(home)) has no contribution \(id): reveal it from the home that committed it"
            )
        }
        return try CommandFailure.wrap(.environment) {
            try HiddenContribution(borsh: try InputFile.read(path))
        }
    }
}
