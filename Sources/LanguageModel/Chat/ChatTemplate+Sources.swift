// Where a model keeps its chat template: `chat_template.jinja`, else `tokenizer_config.json`, else the
// GGUF file.

import JSON

extension ChatTemplate {
    private static let tokenNames = ["bos_token", "eos_token", "unk_token", "pad_token"]
    private static let configurationLimit = 16 << 20

    /// The template of a Hugging Face folder, from the contents of its files; nil if it has none.
    package init?(
        jinja: [UInt8]?,
        tokenizerConfiguration: [UInt8]?
    ) throws(ChatTemplateError) {
        var tokens: [String: String] = [:]
        var source = jinja
        if let tokenizerConfiguration {
            let json: JSON
            do {
                json = try JSON.parse(tokenizerConfiguration, byteLimit: Self.configurationLimit)
            } catch {
                throw .configuration(error.description)
            }
            for name in Self.tokenNames {
                tokens[name] = json[name]?.string ?? json[name]?["content"]?.string
            }
            source = source ?? Self.source(json["chat_template"]).map { Array($0.utf8) }
        }
        guard let source else { return nil }
        try self.init(source, specialTokens: tokens)
    }

    /// One template, or several by name, of which `default` is meant.
    private static func source(_ value: JSON?) -> String? {
        if let text = value?.string { return text }
        return value?.array?.first { $0["name"] == "default" }?["template"]?.string
    }

    /// The template of a GGUF file; nil if it has none.
    package init?(gguf file: GGUFFile) throws(ChatTemplateError) {
        guard case .string(let source)? = file.value("tokenizer.chat_template") else { return nil }
        var tokens: [String: String] = [:]
        if case .strings(let all)? = file.value("tokenizer.ggml.tokens") {
            for (name, key) in [
                ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"),
                ("pad_token", "padding"),
            ] {
                guard let id = try? file.integer("tokenizer.ggml.\(key)_token_id"),
                    let place = Int(exactly: id), all.indices.contains(place)
                else { continue }
                tokens[name] = String(decoding: all[place], as: UTF8.self)
            }
        }
        try self.init(source, specialTokens: tokens)
    }

    /// What the template calls `bos_token`; empty where it has none.
    package var beginningToken: String { specialTokens["bos_token"] ?? "" }

    /// What the template calls `eos_token`; empty where it has none.
    package var endToken: String { specialTokens["eos_token"] ?? "" }
}
