import Foundation
import TestSupport

/// A trace in the Informal Trace Format: states of named variables. Numbers are plain or
/// `{"#bigint": "…"}`, maps are `{"#map": [[key, value], …]}`.
struct QuintTrace {
    let states: [[String: Any]]

    /// Nil, with a printed reason, when the outside vectors are not there.
    init?(_ name: String) throws {
        guard let data = SharedVectors.load("tendermint_itf/\(name).itf.json") else { return nil }
        let document = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        states = document?["states"] as? [[String: Any]] ?? []
    }

    static func integer(_ value: Any?) -> Int? {
        if let text = (value as? [String: Any])?["#bigint"] as? String { return Int(text) }
        return value as? Int
    }

    static func pairs(_ value: Any?) -> [(key: Any, value: Any)] {
        let list = (value as? [String: Any])?["#map"] as? [[Any]] ?? []
        return list.filter { $0.count == 2 }.map { ($0[0], $0[1]) }
    }

    static func tuple(_ value: Any?) -> [Any] {
        (value as? [String: Any])?["#tup"] as? [Any] ?? []
    }
}

extension [String: Any] {
    func record(_ name: String) -> [String: Any] { self[name] as? [String: Any] ?? [:] }
    func text(_ name: String) -> String { self[name] as? String ?? "" }
    func integer(_ name: String) -> Int? { QuintTrace.integer(self[name]) }

    /// The value whose name ends in `suffix`; newer traces prefix the module's name.
    func variable(_ suffix: String) -> Any? {
        first { $0.key == suffix || $0.key.hasSuffix("::" + suffix) }?.value
    }
}
