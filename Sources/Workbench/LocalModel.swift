// A model and an adapter from the disk, for tools that ask no node.

import Factory
import Foundation
import Jobs
package import LanguageModel

/// A base model on this machine: a GGUF file, or a folder with `config.json`, `tokenizer.json`, and
/// `model.safetensors` or shards of it.
package struct LocalModel: Sendable {
    package let bundle: ModelBundle
    package let adapter: PreparedAdapter?

    package init(bundle: ModelBundle, adapter: PreparedAdapter? = nil) {
        self.bundle = bundle
        self.adapter = adapter
    }

    /// - Parameter adapter: a PEFT folder that fits the model.
    package init(path: String, adapter: String? = nil) throws(WorkbenchError) {
        let bundle = try Self.bundle(path)
        self.init(
            bundle: bundle,
            adapter: try adapter.map { path throws(WorkbenchError) in
                try Self.prepared(Self.adapter(path, for: bundle.configuration), bundle)
            }
        )
    }

    package static func bundle(_ path: String) throws(WorkbenchError) -> ModelBundle {
        try bundle(of: files(path), at: path)
    }

    /// The model of files that are read already.
    /// - Parameter path: where they are, for the sentence about what is wrong with them.
    package static func bundle(
        of files: ModelBundle.Files,
        at path: String
    ) throws(WorkbenchError) -> ModelBundle {
        do {
            return try ModelBundle(files)
        } catch {
            throw .badFile("the model at \(path) cannot be read: \(error)")
        }
    }

    package static func files(_ path: String) throws(WorkbenchError) -> ModelBundle.Files {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .badFile("there is no model at \(path)")
        }
        guard isFolder.boolValue else { return .gguf(try read(path)) }
        do {
            return try ModelBundle.folder { try optional(path + "/" + $0) }
        } catch let error as WorkbenchError {
            throw error
        } catch ModelBundle.Failure.file(.missingFile(let name)) {
            throw .badFile("there is no file \(path)/\(name)")
        } catch {
            throw .badFile("the model at \(path) cannot be read: \(error)")
        }
    }

    /// The LoRA adapter of a PEFT folder.
    package static func adapter(
        _ folder: String,
        for configuration: ModelConfiguration
    ) throws(WorkbenchError) -> LoRAAdapter {
        let files: AdapterFiles
        do {
            files = try AdapterFolder.read(URL(filePath: folder))
        } catch {
            throw .badFile(error.description)
        }
        do {
            return try files.adapter(for: configuration)
        } catch {
            throw .badFile("the adapter in \(folder) cannot be read: \(error)")
        }
    }

    static func prepared(
        _ adapter: LoRAAdapter,
        _ bundle: ModelBundle
    ) throws(WorkbenchError) -> PreparedAdapter {
        do {
            return try PreparedAdapter(adapter, for: bundle.model)
        } catch {
            throw .failed("the adapter cannot be prepared: \(error)")
        }
    }

    /// A file's bytes; nil if there is no such file.
    static func optional(_ path: String) throws(WorkbenchError) -> [UInt8]? {
        FileManager.default.fileExists(atPath: path) ? try read(path) : nil
    }

    /// A file's bytes, or one sentence.
    package static func read(_ path: String) throws(WorkbenchError) -> [UInt8] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .badFile("there is no file \(path)")
        }
        do {
            // Mapped, so that only the copy takes memory.
            return Array(try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe))
        } catch {
            throw .badFile("the file \(path) cannot be read")
        }
    }
}
