// A model's folder, written beside its place and moved there: it appears whole or not at all.

import Foundation

enum ModelFolder {
    static func requireAbsent(_ path: String) throws(WorkbenchError) {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw .badOption("\(path) exists already; remove it or choose another place")
        }
    }

    /// Writes files, and beside them copies of what another model's folder has besides weights.
    static func write(
        _ files: [(name: String, bytes: [UInt8])],
        besideThoseOf source: String,
        to path: String
    ) throws(WorkbenchError) {
        let manager = FileManager.default
        let target = URL(filePath: path)
        let draft = target.deletingLastPathComponent().appending(
            path: ".\(target.lastPathComponent).\(UUID().uuidString)"
        )
        let written = Set(files.map(\.name))
        do {
            try manager.createDirectory(at: draft, withIntermediateDirectories: true)
            for name in try manager.contentsOfDirectory(atPath: source).sorted()
            where isKept(name) && !written.contains(name) {
                try manager.copyItem(
                    at: URL(filePath: source).appending(path: name),
                    to: draft.appending(path: name)
                )
            }
            for file in files {
                try Data(file.bytes).write(to: draft.appending(path: file.name))
            }
            try manager.moveItem(at: draft, to: target)
        } catch {
            try? manager.removeItem(at: draft)
            throw .failed("cannot write \(path): \((error as NSError).localizedDescription)")
        }
    }

    private static func isKept(_ name: String) -> Bool {
        if name.hasSuffix(".index.json") { return false }
        return name.hasSuffix(".json") || name.hasSuffix(".jinja") || name.hasSuffix(".model")
            || name == "README.md"
    }
}
