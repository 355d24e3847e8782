import Factory
import Foundation
import JSON
import LanguageModel
import Testing

@Suite("Evaluating a model") struct ModelEvaluationTests {
    @Test("loss is the mean over targets, perplexity its exponential, and an adapter changes both")
    func evaluation() throws {
        let input = try FactoryRunTests.input()
        let result = try input.run()
        let records = input.records + input.heldOut
        let before = try ModelEvaluation(of: input.base, on: records)
        let after = try ModelEvaluation(of: input.base, adapter: result.adapter, on: records)
        #expect(before.records == records.count && before.leftOut == 0)
        #expect(before.targets == after.targets && after.loss < before.loss)
        #expect(abs(log(before.perplexity) - before.loss) < 1e-9)
        let heldOut = try ModelEvaluation(of: input.base, on: input.heldOut)
        #expect(heldOut.loss == result.report.heldOutBefore)
        let all = try ModelEvaluation(of: input.base, on: records, lossTokens: .all)
        #expect(all.targets > before.targets)
        #expect(all.json["tokens"] == .integer(all.targets))
    }

    @Test("records that are cut to nothing are left out; none left, or a stop, is an error")
    func nothing() throws {
        let input = try FactoryRunTests.input()
        let long = FactoryRunTests.record(String(repeating: "x1 ", count: 200), "y")
        let some = try ModelEvaluation(of: input.base, on: input.records + [long])
        #expect(some.leftOut == 1 && some.records == 4)
        #expect(throws: FactoryError.noUsableRecords(records: 1)) {
            try ModelEvaluation(of: input.base, on: [long])
        }
        #expect(throws: FactoryError.stopped) {
            try ModelEvaluation(of: input.base, on: input.records) { $0 < 2 }
        }
    }
}
