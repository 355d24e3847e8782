// Which matrices of a model get a LoRA pair.

package import Primitives

/// Matrices by kind, each in every layer or in some. A pattern is resolved when a recipe is made;
/// the recipe itself names matrices only, so nobody has to agree on a dialect of patterns.
package struct TargetSelection: Sendable, Equatable {
    /// Layers that a recipe can tell apart.
    package static let layerLimit = 512

    struct Entry: Sendable, Equatable {
        let linear: LinearLayer
        /// Ascending and distinct; nil for every layer.
        let layers: [Int]?
    }

    /// Sorted by matrix.
    let entries: [Entry]

    /// These matrices in every layer.
    package init(_ linears: [LinearLayer]) {
        entries = linears.sorted().map { Entry(linear: $0, layers: nil) }
    }

    /// These sites; a matrix that is chosen in all of `layers` layers is chosen in every layer.
    package init(_ sites: [LoRASite], layers: Int) {
        entries = LinearLayer.allCases.compactMap { linear in
            let own = Set(sites.filter { $0.linear == linear }.map(\.layer)).sorted()
            guard !own.isEmpty else { return nil }
            return Entry(linear: linear, layers: own.count == layers ? nil : own)
        }
    }

    /// The kinds of matrices that are chosen in any layer.
    package var linears: [LinearLayer] { entries.map(\.linear) }

    package func contains(_ site: LoRASite) -> Bool {
        entries.contains { entry in
            entry.linear == site.linear && entry.layers?.contains(site.layer) != false
        }
    }

    /// The chosen matrices in order.
    package func sites(layers: Int) -> [LoRASite] {
        (0..<layers).flatMap { layer in
            linears.map { LoRASite(layer: layer, linear: $0) }.filter(contains)
        }
    }

    /// The names that PEFT's `target_modules` has for these.
    package var targetModules: [String] {
        entries.flatMap { entry in
            entry.layers?.map { LoRASite(layer: $0, linear: entry.linear).path }
                ?? [Self.name(of: entry.linear)]
        }
    }

    /// GPT-2 has two matrices of one target name.
    private static func name(of linear: LinearLayer) -> String {
        LinearLayer(targetName: linear.targetName) == nil ? linear.moduleName : linear.targetName
    }

    /// The highest layer that is named, or nil when none is.
    var highestNamedLayer: Int? { entries.compactMap { $0.layers?.last }.max() }

    /// Whether the invariants hold: at least one matrix, none twice, layers ascending within the
    /// limit.
    var isValid: Bool {
        !entries.isEmpty
            && zip(entries, entries.dropFirst()).allSatisfy { $0.linear < $1.linear }
            && entries.allSatisfy { entry in
                guard let layers = entry.layers else { return true }
                guard let first = layers.first, let last = layers.last else { return false }
                return first >= 0 && last < Self.layerLimit
                    && zip(layers, layers.dropFirst()).allSatisfy { $0 < $1 }
            }
    }
}

extension TargetSelection: ExpressibleByArrayLiteral {
    package init(arrayLiteral linears: LinearLayer...) { self.init(linears) }
}

extension TargetSelection {
    package enum Failure: Error, Equatable {
        case tooLong(limit: Int)
        case invalidPattern(String)
        /// No matrix of the model is meant.
        case nothingMatches(String)
    }

    private static let textLimit = 4_096

    /// Reads `target_modules` by PEFT's rules: `all-linear`; names separated by commas, each of
    /// which is a module's path or the end of one after a dot (`q_proj`, `layers.0.mlp.up_proj`);
    /// or, if the text has a character that no name has, one pattern for whole paths.
    package init(
        _ text: String,
        for configuration: ModelConfiguration
    ) throws(Failure) {
        guard text.utf8.count <= Self.textLimit else { throw .tooLong(limit: Self.textLimit) }
        let all = (0..<configuration.layers).flatMap { layer in
            configuration.description.linears.map { LoRASite(layer: layer, linear: $0) }
        }
        let isList = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default:
                [UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ","), 0x20, 0x2d].contains(byte)
            }
        }
        let chosen =
            text == "all-linear"
            ? all : try isList ? Self.listed(text, among: all) : Self.matching(text, among: all)
        guard !chosen.isEmpty else { throw .nothingMatches(text) }
        self.init(chosen, layers: configuration.layers)
    }

    private static func listed(
        _ text: String,
        among sites: [LoRASite]
    ) throws(Failure) -> [LoRASite] {
        var chosen: [LoRASite] = []
        for part in text.split(separator: ",") {
            let name = part.split(separator: " ").joined(separator: " ")
            let own = sites.filter { $0.path == name || $0.path.hasSuffix("." + name) }
            guard !own.isEmpty else { throw .nothingMatches(name) }
            chosen += own
        }
        return chosen
    }

    private static func matching(
        _ pattern: String,
        among sites: [LoRASite]
    ) throws(Failure) -> [LoRASite] {
        guard let expression = try? Regex(pattern) else { throw .invalidPattern(pattern) }
        return sites.filter { $0.path.wholeMatch(of: expression) != nil }
    }
}

extension TargetSelection: BorshCodable {
    /// A count, then for each matrix its number and the bits of its layers, layer 0 in the lowest
    /// bit of the first byte, without zero bytes at the end; no bytes at all for every layer.
    package func encode(to writer: inout BorshWriter) { writer.writeArray(entries) }

    package init(from reader: inout BorshReader) throws(BorshError) {
        entries = try reader.readArray(limit: LinearLayer.allCases.count)
        try reader.require(isValid, "targets")
    }
}

extension TargetSelection.Entry: BorshCodable {
    func encode(to writer: inout BorshWriter) {
        writer.write(linear)
        let count = (layers?.last).map { $0 / 8 + 1 } ?? 0
        var bits = [UInt8](repeating: 0, count: count)
        for layer in layers ?? [] { bits[layer / 8] |= 1 << UInt8(layer % 8) }
        writer.writeBytes(bits)
    }

    init(from reader: inout BorshReader) throws(BorshError) {
        linear = try LinearLayer(from: &reader)
        let bits = try reader.readBytes(limit: TargetSelection.layerLimit / 8)
        try reader.require(bits.last != 0, "layers")
        layers =
            bits.isEmpty
            ? nil
            : (0..<bits.count * 8).filter { bits[$0 / 8] >> UInt8($0 % 8) & 1 == 1 }
    }
}
