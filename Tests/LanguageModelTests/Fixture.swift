import Foundation
import JSON

/// Files that the reference libraries wrote; Tests/Peers/make_fixtures.py says how.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = Bundle.module.bundleURL.appending(path: "Fixtures")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func json(_ name: String) throws -> JSON { try JSON.parse(bytes(name)) }
}
