import Foundation
import JSON
import LanguageModel
import Testing
import Workbench

@Suite("Workbench: conversations") struct ModelChatTests {
    /// The small model in a folder of its own, with the files given beside it.
    private func withFolder(
        _ files: [String: String],
        _ body: (String, ModelBundle.Files, ModelBundle) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "chat-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: URL(filePath: ModelToolsTests.small), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        }
        let source = try LocalModel.files(folder.path)
        try body(folder.path, source, LocalModel.bundle(of: source, at: folder.path))
    }

    private static let messages: [JSON] = [["role": "user", "content": "Hello"]]

    @Test("a model without a template has none")
    func absent() throws {
        try withFolder([:]) { path, files, bundle in
            let chat = try ModelChat(path: path, files: files, bundle: bundle)
            #expect(chat == nil)
        }
    }

    @Test("the template's own file comes before the tokenizer's configuration")
    func order() throws {
        let own = "{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %} >"
        let other =
            #"{"chat_template": "{{ bos_token }}{{ messages[0].content }}", "bos_token": "<s>"}"#
        try withFolder(["chat_template.jinja": own, "tokenizer_config.json": other]) {
            let chat = try #require(try ModelChat(path: $0, files: $1, bundle: $2))
            #expect(try chat.prompt(Self.messages) == "[user] Hello >")
        }
        try withFolder(["tokenizer_config.json": other]) {
            let chat = try #require(try ModelChat(path: $0, files: $1, bundle: $2))
            // This tokenizer puts nothing before a text, so the template's beginning stays.
            #expect(try chat.prompt(Self.messages) == "<s>Hello")
        }
    }

    @Test("a broken template is named with its file; one that refuses says why")
    func refused() throws {
        try withFolder(["chat_template.jinja": "{% for %}"]) { path, files, bundle in
            #expect(throws: WorkbenchError.self) {
                try ModelChat(path: path, files: files, bundle: bundle)
            }
        }
        let strict = "{{ raise_exception('roles must alternate') }}"
        try withFolder(["chat_template.jinja": strict]) {
            let chat = try #require(try ModelChat(path: $0, files: $1, bundle: $2))
            let error = #expect(throws: ChatTemplateError.self) { try chat.prompt(Self.messages) }
            #expect(error.map { "\($0)" }?.contains("roles must alternate") == true)
        }
    }
}
