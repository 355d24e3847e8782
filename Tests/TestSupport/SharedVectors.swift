import Foundation

/// Outside test vectors, which live beside the project and may be absent.
package enum SharedVectors {
    /// The bytes of a vector file, or nil with a printed reason when the folder is not there.
    package static func load(_ name: String) -> Data? {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.deletingLastPathComponent().appending(path: "shared/vectors/\(name)")
        guard let data = try? Data(contentsOf: file) else {
            print("skipped: no outside vectors at \(file.path)")
            return nil
        }
        return data
    }
}
