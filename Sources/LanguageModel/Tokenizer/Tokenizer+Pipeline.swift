// Normalizer, words, decoder and frame as `tokenizer.json` states them.

import JSON

extension Tokenizer {
    /// The splits that are known, each exactly as published files write it.
    private static let patterns: [(pattern: String, step: PreTokenizerStep)] = [
        (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
        (llamaPattern(#"\p{N}{1,3}"#), .llama3(digits: 3)),
        (llamaPattern(#"\p{N}"#), .llama3(digits: 1)),
    ]

    private static func llamaPattern(_ numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    static func normalizer(_ value: JSON?) throws(TokenizerError) -> [NormalizerStep] {
        guard let value, value != .null else { return [] }
        guard let object = value.object else { throw .invalidField("normalizer") }
        switch object["type"] {
        case "Sequence":
            guard let items = object["normalizers"]?.array else {
                throw .invalidField("normalizer.normalizers")
            }
            var steps: [NormalizerStep] = []
            for item in items {
                // A sequence inside a sequence is in no published file; refusing bounds the depth.
                guard item["type"] != "Sequence" else { throw unsupported("normalizer", item) }
                steps += try normalizer(item)
            }
            return steps
        case "NFC": return [.composed]
        case "Prepend":
            guard let text = object["prepend"]?.string else {
                throw .invalidField("normalizer.prepend")
            }
            return [.prepend(Array(text.utf8))]
        case "Replace":
            let (pattern, content) = try replacement(object, "normalizer")
            return [.replace(pattern, with: content)]
        default: throw unsupported("normalizer", value)
        }
    }

    private static func replacement(
        _ object: JSONObject,
        _ field: String
    ) throws(TokenizerError) -> (pattern: [UInt8], content: [UInt8]) {
        guard let pattern = object["pattern"]?["String"]?.string, !pattern.utf8.isEmpty,
            let content = object["content"]?.string
        else { throw unsupported(field, .object(object)) }
        return (Array(pattern.utf8), Array(content.utf8))
    }

    static func words(_ value: JSON?) throws(TokenizerError) -> Words {
        guard let value, value != .null else { return .spaceMarks(.none) }
        guard let object = value.object else { throw .invalidField("pre_tokenizer") }
        guard object["type"] == "Metaspace" else {
            var reachesBytes = false
            let steps = try steps(value, &reachesBytes)
            guard reachesBytes else { throw unsupported("pre_tokenizer", value) }
            return .byteLevel(steps)
        }
        guard object["replacement"] == "\u{2581}" else { throw unsupported("pre_tokenizer", value) }
        let prefix: SpaceMarks.Prefix
        switch object["prepend_scheme"] {
        case "always": prefix = .always
        case "first": prefix = .first
        case "never": prefix = .never
        // Older files say only this.
        case nil where object["add_prefix_space"] == true: prefix = .always
        case nil where object["add_prefix_space"] == false: prefix = .never
        default: throw .invalidField("pre_tokenizer.prepend_scheme")
        }
        let splits = object["split"] == nil || object["split"] == true
        guard splits || object["split"] == false else { throw .invalidField("pre_tokenizer.split") }
        return .spaceMarks(.init(replacesSpaces: true, prefix: prefix, splits: splits))
    }

    /// - Parameter reachesBytes: becomes true at the step that turns words into bytes.
    private static func steps(
        _ value: JSON,
        _ reachesBytes: inout Bool
    ) throws(TokenizerError) -> [PreTokenizerStep] {
        guard let object = value.object, !reachesBytes else {
            throw unsupported("pre_tokenizer", value)
        }
        switch object["type"] {
        case "Sequence":
            guard let items = object["pretokenizers"]?.array else {
                throw .invalidField("pre_tokenizer.pretokenizers")
            }
            var steps: [PreTokenizerStep] = []
            for item in items {
                guard item["type"] != "Sequence" else { throw unsupported("pre_tokenizer", item) }
                steps += try self.steps(item, &reachesBytes)
            }
            return steps
        case "Digits":
            return [object["individual_digits"] == true ? .individualDigits : .contiguousDigits]
        case "ByteLevel":
            guard object["add_prefix_space"] == false else {
                throw .unsupported(field: "pre_tokenizer.add_prefix_space", value: "true")
            }
            reachesBytes = true
            return object["use_regex"] == false ? [] : [.gpt2]
        case "Split":
            guard let pattern = object["pattern"]?.object?["Regex"]?.string,
                let step = patterns.first(where: { $0.pattern.utf8.elementsEqual(pattern.utf8) }),
                object["behavior"] == "Isolated",
                object["invert"] != true
            else { throw unsupported("pre_tokenizer", value) }
            return [step.step]
        default: throw unsupported("pre_tokenizer", value)
        }
    }

    static func decoder(_ value: JSON?) throws(TokenizerError) -> TokenDecoder.Style {
        guard let value, let object = value.object else {
            throw unsupported("decoder", value ?? .null)
        }
        if object["type"] == "ByteLevel" { return .byteLevel }
        guard object["type"] == "Sequence", let items = object["decoders"]?.array else {
            throw unsupported("decoder", value)
        }
        var replacements: [TokenDecoder.Replacement] = []
        var hasBytes = false
        var isFused = false
        var stripped = 0
        for item in items {
            guard let item = item.object else { throw unsupported("decoder", value) }
            switch item["type"] {
            case "Replace" where !hasBytes && !isFused:
                let (pattern, content) = try replacement(item, "decoder")
                replacements.append(.init(pattern: pattern, content: content))
            case "ByteFallback" where !hasBytes && !isFused: hasBytes = true
            case "Fuse" where !isFused: isFused = true
            case "Strip" where isFused && stripped == 0:
                guard item["content"] == " ", item["stop"] == 0,
                    let start = item["start"]?.integer(Int.self), (0...64).contains(start)
                else { throw unsupported("decoder", .object(item)) }
                stripped = start
            default: throw unsupported("decoder", .object(item))
            }
        }
        return .pieces(replacements: replacements, hasBytes: hasBytes, stripped: stripped)
    }

    /// The ids that the post-processor puts around a single text.
    static func frame(
        _ value: JSON?
    ) throws(TokenizerError) -> (prefix: [UInt32], suffix: [UInt32]) {
        guard let value, value != .null else { return ([], []) }
        guard let object = value.object else { throw .invalidField("post_processor") }
        switch object["type"] {
        case "ByteLevel": return ([], [])
        case "Sequence":
            var result: (prefix: [UInt32], suffix: [UInt32]) = ([], [])
            for item in object["processors"]?.array ?? [] {
                let inner = try frame(item)
                result = (inner.prefix + result.prefix, result.suffix + inner.suffix)
            }
            return result
        case "TemplateProcessing": return try template(object)
        default: throw unsupported("post_processor", value)
        }
    }

    private static func template(
        _ object: JSONObject
    ) throws(TokenizerError) -> (prefix: [UInt32], suffix: [UInt32]) {
        let field = "post_processor.single"
        guard let single = object["single"]?.array else { throw .invalidField(field) }
        var prefix: [UInt32] = []
        var suffix: [UInt32] = []
        var hasText = false
        for item in single {
            if item.object?["Sequence"]?.object?["id"] == "A", !hasText {
                hasText = true
                continue
            }
            guard let name = item.object?["SpecialToken"]?.object?["id"]?.string,
                let ids = object["special_tokens"]?.object?[name]?.object?["ids"]?.array
            else { throw .invalidField(field) }
            for id in ids {
                guard let id = identifier(id) else { throw .invalidField(field) }
                if hasText { suffix.append(id) } else { prefix.append(id) }
            }
        }
        guard hasText else { throw .invalidField(field) }
        return (prefix, suffix)
    }
}
