package import Primitives

/// The matrices of decoder layers, of whatever family. The raw value is their canonical order.
package enum LinearLayer: UInt8, Sendable, CaseIterable, Comparable {
    // Llama and Qwen.
    case query = 0
    case key, value, output, gate, up, down
    // GPT-2: its `Conv1D` weights are stored as [in, out].
    case fusedAttention, fusedOutput, plainUp, plainDown

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
        case .fusedAttention: "attn.c_attn"
        case .fusedOutput: "attn.c_proj"
        case .plainUp: "mlp.c_fc"
        case .plainDown: "mlp.c_proj"
        }
    }

    /// The last component of the module name, as PEFT's `target_modules` lists it. GPT-2 calls two
    /// matrices `c_proj`.
    package var targetName: String {
        String(moduleName.drop { $0 != "." }.dropFirst())
    }

    /// Whether safetensors of Hugging Face and PEFT's `fan_in_fan_out` store it as [in, out].
    package var isStoredTransposed: Bool { rawValue >= Self.fusedAttention.rawValue }

    /// What stands before a layer's number in the path of this matrix.
    var pathPrefix: String { isStoredTransposed ? "transformer.h." : "model.layers." }

    /// The matrix of a target name, or of a module name where the target name is not enough.
    package init?(targetName: String) {
        let found = Self.allCases.filter {
            $0.targetName == targetName || $0.moduleName == targetName
        }
        guard found.count == 1 else { return nil }
        self = found[0]
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
        case .fusedAttention: (queryWidth + 2 * keyWidth, hiddenSize)
        case .output, .fusedOutput: (hiddenSize, queryWidth)
        case .gate, .up, .plainUp: (intermediateSize, hiddenSize)
        case .down, .plainDown: (hiddenSize, intermediateSize)
        }
    }

    /// The matrices of this model that a target name means, by PEFT's rule: the module's name
    /// equals it or ends with a dot and it. Empty where the model has none.
    package func linears(named target: String) -> [LinearLayer] {
        description.linears.filter {
            $0.moduleName == target || $0.moduleName.hasSuffix("." + target)
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

    /// Reads `model.layers.0.self_attn.q_proj` or `transformer.h.0.attn.c_attn`; nil for any
    /// other form.
    package init?(path: String) {
        let parts = path.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let layer = Int(parts[2]), layer >= 0, String(layer) == parts[2],
            let linear = LinearLayer.allCases.first(where: {
                $0.moduleName == parts[3] && $0.pathPrefix == "\(parts[0]).\(parts[1])."
            })
        else { return nil }
        self.init(layer: layer, linear: linear)
    }

    package var path: String { "\(linear.pathPrefix)\(layer).\(linear.moduleName)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.layer, left.linear) < (right.layer, right.linear)
    }
}
