package import Primitives

/// The seven matrices of a decoder layer. The raw value is their canonical order.
package enum LinearLayer: UInt8, Sendable, CaseIterable, Comparable {
    case query = 0
    case key, value, output, gate, up, down

    /// The name within the layer, as Hugging Face and PEFT write it.
    package var moduleName: String {
        switch self {
        case .query: "self_attn.q_proj"
        case .key: "self_attn.k_proj"
        case .value: "self_attn.v_proj"
        case .output: "self_attn.o_proj"
        case .gate: "mlp.gate_proj"
        case .up: "mlp.up_proj"
        case .down: "mlp.down_proj"
        }
    }

    /// The last component of the module name, as PEFT's `target_modules` lists it.
    package var targetName: String {
        String(moduleName.drop { $0 != "." }.dropFirst())
    }

    package init?(targetName: String) {
        guard let found = Self.allCases.first(where: { $0.targetName == targetName }) else {
            return nil
        }
        self = found
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension LinearLayer: BorshCodable {
    package func encode(to writer: inout BorshWriter) { writer.write(rawValue) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        let offset = reader.offset
        let tag = try reader.readUInt8()
        guard let value = Self(rawValue: tag) else {
            throw .tagOutOfRange(offset: offset, tag: tag)
        }
        self = value
    }
}

extension ModelConfiguration {
    /// The shape [out, in] of one matrix.
    package func shape(of linear: LinearLayer) -> (rows: Int, columns: Int) {
        switch linear {
        case .query: (queryWidth, hiddenSize)
        case .key, .value: (keyWidth, hiddenSize)
        case .output: (hiddenSize, queryWidth)
        case .gate, .up: (intermediateSize, hiddenSize)
        case .down: (hiddenSize, intermediateSize)
        }
    }
}

/// One matrix of a model: where a LoRA pair attaches. Ordered by layer, then by matrix.
package struct LoRASite: Sendable, Hashable, Comparable {
    package let layer: Int
    package let linear: LinearLayer

    package init(layer: Int, linear: LinearLayer) {
        self.layer = layer
        self.linear = linear
    }

    /// Reads `model.layers.0.self_attn.q_proj`; nil for any other form.
    package init?(path: String) {
        let parts = path.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "model", parts[1] == "layers",
            let layer = Int(parts[2]), layer >= 0, String(layer) == parts[2],
            let linear = LinearLayer.allCases.first(where: { $0.moduleName == parts[3] })
        else { return nil }
        self.init(layer: layer, linear: linear)
    }

    package var path: String { "model.layers.\(layer).\(linear.moduleName)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.layer, left.linear) < (right.layer, right.linear)
    }
}
