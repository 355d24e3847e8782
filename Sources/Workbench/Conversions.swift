// Adapters and models in other forms: worked into weights, for llama.cpp, and in four bits.

import Foundation
package import JSON
package import LanguageModel

package enum Conversions {
    /// Writes the model with the adapter worked into its weights, in float32.
    ///
    /// - Parameters:
    ///   - path: a Hugging Face folder: what is written is one as well.
    ///   - into: a folder that does not exist yet.
    package static func merge(
        model path: String,
        adapter folder: String,
        into: String
    ) throws(WorkbenchError) -> JSON {
        try ModelFolder.requireAbsent(into)
        let files = try folderFiles(path)
        let source = try source(files, path)
        let adapter = try LocalModel.adapter(folder, for: source.configuration)
        let weights: [UInt8]
        let configuration: [UInt8]
        do {
            weights = try AdapterMerge.safetensors(source, source.configuration, adapter)
            configuration = try AdapterMerge.configuration(of: files.configuration)
        } catch {
            throw .failed("the weights cannot be merged: \(error)")
        }
        try ModelFolder.write(
            [("config.json", configuration), ("model.safetensors", weights)],
            besideThoseOf: path,
            to: into
        )
        return [
            "folder": .string(into), "tensors": .integer(source.configuration.tensorNames.count),
            "merged": .integer(adapter.modules.count), "bytes": .integer(weights.count),
        ]
    }

    /// Writes an adapter as the GGUF file that llama.cpp loads beside its base model.
    package static func gguf(
        adapter folder: String,
        _ model: ModelConfiguration,
        into: String
    ) throws(WorkbenchError) -> JSON {
        try ModelFolder.requireAbsent(into)
        let adapter = try LocalModel.adapter(folder, for: model)
        let bytes: [UInt8]
        do {
            bytes = try GGUFAdapter.bytes(adapter, for: model)
        } catch .hasMagnitudes(let path) {
            throw .badFile(
                "\(path) has DoRA magnitudes, which GGUF cannot say: use \"adapter merge\""
            )
        } catch {
            throw .failed("the adapter cannot be written as GGUF: \(error)")
        }
        do {
            try Data(bytes).write(to: URL(filePath: into), options: .atomic)
        } catch {
            throw .failed("cannot write \(into): \((error as NSError).localizedDescription)")
        }
        return [
            "file": .string(into), "pairs": .integer(adapter.modules.count),
            "bytes": .integer(bytes.count),
        ]
    }

    /// Writes the model's twin with its layers in NF4, as bitsandbytes keeps them.
    ///
    /// - Parameter isDouble: whether the scales of blocks are quantised as well.
    package static func nf4(
        model path: String,
        into: String,
        isDouble: Bool
    ) throws(WorkbenchError) -> JSON {
        try ModelFolder.requireAbsent(into)
        let files = try folderFiles(path)
        let source = try source(files, path)
        let made: (configuration: [UInt8], weights: [UInt8])
        do {
            made = try NF4Folder.quantised(
                configuration: files.configuration,
                weights: source.files,
                isDouble: isDouble
            )
        } catch {
            throw .badFile("the model at \(path) has no twin in NF4: \(error)")
        }
        try ModelFolder.write(
            [("config.json", made.configuration), ("model.safetensors", made.weights)],
            besideThoseOf: path,
            to: into
        )
        return [
            "folder": .string(into), "bytes": .integer(made.weights.count),
            "bytes_before": .integer(files.weights.reduce(0) { $0 + $1.bytes.count }),
        ]
    }

    private typealias FolderFiles = (
        configuration: [UInt8], weights: [(name: String, bytes: [UInt8])], index: [UInt8]?
    )

    private static func folderFiles(_ path: String) throws(WorkbenchError) -> FolderFiles {
        guard
            case .folder(let configuration, _, let weights, let index) = try LocalModel.files(path)
        else {
            throw .badOption("\(path) is a GGUF file; this takes a Hugging Face folder")
        }
        return (configuration, weights, index)
    }

    private static func source(
        _ files: FolderFiles,
        _ path: String
    ) throws(WorkbenchError) -> SafetensorsModel {
        do {
            return try SafetensorsModel(
                configuration: files.configuration,
                weights: files.weights,
                index: files.index
            )
        } catch {
            throw .badFile("the model at \(path) cannot be read: \(error)")
        }
    }
}
