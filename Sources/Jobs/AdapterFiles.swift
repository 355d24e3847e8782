// An adapter's artifact: the two files that are the adapter, together, so that one digest names
// all of it.

package import LanguageModel
package import Primitives

/// `adapter_config.json` and `adapter_model.safetensors` of a PEFT folder.
package struct AdapterFiles: Sendable, Equatable {
    package static let configurationLimit = 1 << 18
    package static let weightsLimit = 1 << 30

    package let configuration: [UInt8]
    package let weights: [UInt8]

    /// - Precondition: both are within their limits.
    package init(configuration: [UInt8], weights: [UInt8]) {
        precondition(configuration.count <= Self.configurationLimit)
        precondition(weights.count <= Self.weightsLimit)
        self.configuration = configuration
        self.weights = weights
    }

    /// Reads the adapter and checks it against the base model's shape.
    package func adapter(for model: ModelConfiguration) throws(PEFTError) -> LoRAAdapter {
        try PEFTAdapter(configuration: configuration, weights: weights, model: model).adapter
    }
}

extension AdapterFiles: BorshCodable {
    package func encode(to writer: inout BorshWriter) {
        writer.writeBytes(configuration)
        writer.writeBytes(weights)
    }

    package init(from reader: inout BorshReader) throws(BorshError) {
        configuration = try reader.readBytes(limit: Self.configurationLimit)
        weights = try reader.readBytes(limit: Self.weightsLimit)
    }
}
