import ExactMath
import Foundation
import LanguageModel

/// The ten largest logits after a text, and twelve greedy tokens.
func printNext(modelFile: String, text: String) throws {
    let file = try GGUFFile([UInt8](Data(contentsOf: URL(filePath: modelFile))))
    let source = try GGUFModel(file)
    let model = DecoderModel(try ModelWeights(configuration: source.configuration, source: source))
    let tokenizer = try Tokenizer(gguf: file)
    let prompt = tokenizer.encode(text)
    print("prompt", prompt.count, prompt.map(String.init).joined(separator: ","))
    var cache = KeyValueCache(for: model.configuration)
    let logits = try model.advance(&cache, by: prompt)
    let best = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }.prefix(10)
    for id in best { print(id, logits[id], tokenizer.decode([UInt32(id)], skipsSpecial: false)) }
    let made = try model.generateGreedily(prompt, maxTokens: 12)
    print("greedy", made.tokens.map(String.init).joined(separator: ","), made.finish)
    print(tokenizer.decode(made.tokens, skipsSpecial: false))
}
