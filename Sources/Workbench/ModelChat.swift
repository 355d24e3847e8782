package import JSON
package import LanguageModel

/// How a model on this machine wants conversations written.
package struct ModelChat: Sendable {
    private let template: ChatTemplate
    /// What the template begins a text with and the tokenizer adds by itself as well.
    private let repeatedBeginning: String

    /// Reads `chat_template.jinja` or `tokenizer_config.json` of a folder, or the key of a GGUF
    /// file; nil if there is no template.
    /// - Parameter files: what is at the path.
    package init?(
        path: String,
        files: ModelBundle.Files,
        bundle: ModelBundle
    ) throws(WorkbenchError) {
        let template: ChatTemplate?
        do {
            template = try Self.template(path, files)
        } catch let error as ChatTemplateError {
            throw .badFile("the chat template of \(path) cannot be used: \(error)")
        } catch let error as WorkbenchError {
            throw error
        } catch {
            throw .badFile("\(path) cannot be read: \(error)")
        }
        guard let template else { return nil }
        self.template = template
        let addsBeginning = !bundle.tokenizer.encode([]).isEmpty
        repeatedBeginning = addsBeginning ? template.beginningToken : ""
    }

    /// The messages as one text that ends where the answer begins.
    /// - Parameter messages: objects with `role` and `content`.
    package func prompt(_ messages: [JSON]) throws(ChatTemplateError) -> String {
        let text = try template.render(messages: messages, addGenerationPrompt: true)
        guard !repeatedBeginning.isEmpty, text.hasPrefix(repeatedBeginning) else { return text }
        return String(text.dropFirst(repeatedBeginning.count))
    }

    private static func template(
        _ path: String,
        _ files: ModelBundle.Files
    ) throws -> ChatTemplate? {
        guard case .gguf(let bytes) = files else {
            return try ChatTemplate(
                jinja: try LocalModel.optional(path + "/chat_template.jinja"),
                tokenizerConfiguration: try LocalModel.optional(path + "/tokenizer_config.json")
            )
        }
        return try ChatTemplate(gguf: GGUFFile(bytes))
    }
}
