import Factory
import Foundation
import LanguageModel
import Testing

@Suite("QLoRA beside LoRA") struct QLoRAComparisonTests {
    @Test("both sides ran the recipe, on bases that differ, and neither lost what it learned")
    func sides() throws {
        let input = try FactoryRunTests.input()
        let result = try input.run()
        let comparison = try input.comparison(
            withNF4Of: .gguf(FactoryRunTests.bytes("tiny.gguf")),
            result
        )
        #expect(comparison.lora.heldOutAfter == result.report.heldOutAfter)
        #expect(comparison.lora.cost.tokens == comparison.qlora.cost.tokens)
        #expect(comparison.qlora.heldOutBefore != comparison.lora.heldOutBefore)
        for side in [comparison.lora, comparison.qlora] {
            let before = try #require(side.heldOutBefore)
            #expect(try #require(side.heldOutAfter) < before)
            #expect(side.baseBytes > 50_000)
        }
        #expect(comparison.json["qlora"]?["base_bytes"] != nil)
        #expect(throws: FactoryError.self) {
            try input.comparison(withNF4Of: .gguf([1, 2, 3]), result)
        }
        #expect(throws: FactoryError.stopped) {
            try input.comparison(
                withNF4Of: .gguf(FactoryRunTests.bytes("tiny.gguf")),
                result
            ) { $0.done < 2 }
        }
    }

    @Test("a run says what it took")
    func cost() throws {
        let result = try FactoryRunTests.input().run()
        #expect(result.cost.tokens > 0 && result.cost.seconds > 0)
        #expect(result.cost.tokensPerSecond > 0)
        let json = result.report.json(cost: result.cost)
        #expect(json["training_tokens"] == .integer(result.cost.tokens))
        #if os(Linux)
            #expect(try #require(result.cost.peakMemoryBytes) > 1 << 20)
            #expect(try #require(result.cost.addedMemoryBytes) >= 0)
        #endif
    }
}
