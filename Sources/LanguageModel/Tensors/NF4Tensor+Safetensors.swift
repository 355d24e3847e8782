// The parts of an NF4 matrix X as tensors of a file: `X` (u8 [n/2, 1]), `X.absmax`, `X.quant_map`,
// with double quantisation `X.nested_absmax` and `X.nested_quant_map`, and
// `X.quant_state.bitsandbytes__nf4`, the bytes of a JSON object.

import JSON

extension NF4Tensor {
    private static let stateName = ".quant_state.bitsandbytes__nf4"
    private static let stateLimit = 4_096

    /// The matrices of a model that are in NF4, by their names.
    static func all(
        _ configuration: ModelConfiguration,
        in files: [SafetensorsFile]
    ) throws(ModelFileError) -> [String: NF4Tensor] {
        guard !configuration.description.linears.contains(where: \.isStoredTransposed) else {
            return [:]
        }
        var found: [String: NF4Tensor] = [:]
        for file in files {
            let names = Set(file.entries.map(\.name))
            for name in configuration.tensorNames
            where names.contains(TensorName(name + stateName)) {
                do {
                    found[name] = try NF4Tensor(TensorName(name), in: file)
                } catch {
                    throw .invalidQuantisation(error)
                }
            }
        }
        return found
    }

    /// The names of the parts beside the matrix itself.
    package static func partNames(of name: String) -> [TensorName] {
        [".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", stateName].map {
            TensorName(name + $0)
        }
    }

    package init(_ name: TensorName, in file: SafetensorsFile) throws(NF4Error) {
        let parts = Parts(name: name, file: file)
        let state = try parts.state(Self.stateName, limit: Self.stateLimit)
        func text(_ key: String) -> String? { state[key]?.string }
        guard text("quant_type") == "nf4" else {
            throw .unsupported(name, key: "quant_type", value: text("quant_type") ?? "")
        }
        guard state["blocksize"]?.integer(Int.self) == Self.block else {
            throw .unsupported(name, key: "blocksize", value: "\(state["blocksize"] ?? .null)")
        }
        guard let shape = state["shape"]?.array?.compactMap({ $0.integer(Int.self) }),
            shape.count == 2, shape.allSatisfy({ (1...1 << 24).contains($0) }),
            let original = text("dtype")
        else { throw .invalidPart(name, part: "quant_state") }
        let count = shape[0] * shape[1]
        let blocks = (count + Self.block - 1) / Self.block
        self.init(
            shape: shape,
            originalType: original,
            levels: try parts.floats(".quant_map", count: 16),
            packed: try parts.bytes("", count: (count + 1) / 2),
            scales: try parts.scales(blocks: blocks, state)
        )
        guard values.allSatisfy(\.isFinite) else { throw .notFinite(name) }
    }

    /// The parts as tensors of a file to write.
    package func items(named name: String) -> [SafetensorsItem] {
        func floats(_ part: String, _ values: [Float]) -> SafetensorsItem {
            SafetensorsItem(
                name: TensorName(name + part),
                type: .f32,
                shape: [values.count],
                data: FloatFormats.bytes(littleEndian: values)
            )
        }
        func bytes(_ part: String, _ values: [UInt8], _ shape: [Int]) -> SafetensorsItem {
            SafetensorsItem(name: TensorName(name + part), type: .u8, shape: shape, data: values)
        }
        let state = Array(stateText.utf8)
        var items = [
            bytes("", packed, [packed.count, 1]), floats(".quant_map", levels),
            bytes(Self.stateName, state, [state.count]),
        ]
        switch scales {
        case .plain(let scales): items.append(floats(".absmax", scales))
        case .nested(let nested):
            items += [
                bytes(".absmax", nested.codes, [nested.codes.count]),
                floats(".nested_absmax", nested.scales), floats(".nested_quant_map", nested.map),
            ]
        }
        return items
    }

    /// As Python writes it.
    private var stateText: String {
        var text = "{\"quant_type\": \"nf4\", \"blocksize\": \(Self.block), "
        text += "\"dtype\": \"\(originalType)\", \"shape\": [\(shape[0]), \(shape[1])]"
        if case .nested(let nested) = scales {
            text += ", \"nested_blocksize\": \(NestedScales.block), "
            text += "\"nested_dtype\": \"float32\", \"nested_offset\": \(nested.offsetText)"
        }
        return text + "}"
    }
}

/// Reads the parts of one matrix.
private struct Parts {
    let name: TensorName
    let file: SafetensorsFile

    private func entry(_ part: String) throws(NF4Error) -> SafetensorsFile.Entry {
        guard let entry = file.entry(named: TensorName(name.text + part)) else {
            throw .missingPart(name, part: part)
        }
        return entry
    }

    func bytes(_ part: String, count: Int) throws(NF4Error) -> [UInt8] {
        let entry = try entry(part)
        guard entry.type == .u8, entry.range.count == count else {
            throw .invalidPart(name, part: part)
        }
        return Array(file.bytes(of: entry))
    }

    func floats(_ part: String, count: Int) throws(NF4Error) -> [Float] {
        let entry = try entry(part)
        guard entry.type == .f32, entry.shape == [count], let values = try? file.floats(of: entry)
        else { throw .invalidPart(name, part: part) }
        return values
    }

    func state(_ part: String, limit: Int) throws(NF4Error) -> JSON {
        let entry = try entry(part)
        guard entry.type == .u8, entry.range.count <= limit,
            let state = try? JSON.parse(Array(file.bytes(of: entry)), byteLimit: limit),
            state.object != nil
        else { throw .invalidPart(name, part: part) }
        return state
    }

    func scales(blocks: Int, _ state: JSON) throws(NF4Error) -> NF4Tensor.Scales {
        guard let offset = state["nested_offset"] else {
            return .plain(try floats(".absmax", count: blocks))
        }
        let block = NF4Tensor.NestedScales.block
        guard state["nested_blocksize"]?.integer(Int.self) == block else {
            throw .unsupported(
                name,
                key: "nested_blocksize",
                value: "\(state["nested_blocksize"] ?? .null)"
            )
        }
        guard state["nested_dtype"]?.string == "float32", let number = offset.double,
            Float(number).isFinite
        else { throw .invalidPart(name, part: "quant_state") }
        return .nested(
            NF4Tensor.NestedScales(
                codes: try bytes(".absmax", count: blocks),
                map: try floats(".nested_quant_map", count: 256),
                scales: try floats(".nested_absmax", count: (blocks + block - 1) / block),
                offset: Float(number),
                offsetText: "\(offset.compactText)"
            )
        )
    }
}
