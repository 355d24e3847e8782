import Foundation

/// One line of JSON on standard output.
func report(_ name: String, _ fields: [(String, Double)]) {
    let members = fields.map { name, value in
        let text = value == value.rounded() ? "\(Int(value))" : String(format: "%.3f", value)
        return "\"\(name)\": \(text)"
    }
    print("{\"figure\": \"\(name)\", " + members.joined(separator: ", ") + "}")
    fflush(nil)
}

/// Seconds that a piece of work takes.
func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try work()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// A directory that is gone when nobody refers to it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "chainbench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// Bytes of all files below a directory.
func diskBytes(_ path: String) -> Int {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
    return names.reduce(0) { sum, name in
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + name)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
        return sum + ((attributes?[.size] as? Int) ?? 0)
    }
}

/// Peak memory of this process in MiB.
func peakMebibytes() -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    let number = line.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
    return number / 1024
}
