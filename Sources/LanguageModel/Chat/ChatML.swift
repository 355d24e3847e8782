/// How conversations are written for a model that has no template of its own. Training rows and
/// questions must be written alike, so both come here.
package enum ChatML {
    /// The turns as one text that ends where the answer begins.
    package static func prompt(
        _ turns: some Sequence<(role: String, content: String)>
    ) -> String {
        turns.map { "<|im_start|>\($0.role)\n\($0.content)<|im_end|>\n" }.joined()
            + "<|im_start|>assistant\n"
    }
}
