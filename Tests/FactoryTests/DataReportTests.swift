import Commitments
import Factory
import JSON
import Testing

@Suite("Data report") struct DataReportTests {
    static func record(_ prompt: String, _ completion: String) -> DataRecord {
        DataRecord(prompt: Array(prompt.utf8), completion: Array(completion.utf8))
    }

    static let records = [
        record("what is the capital of France?", "Paris is the capital"),
        record("what is the capital of France?", "Paris is the capital"),
        record("what is the capital of France?", "It is Lyon"),
        record("What is the capital of FRANCE", "Paris is the capital!"),
        record("", "Der Hund und die Katze sind nicht das Problem"),
        record("数据很重要", "是的"),
        record("Привет", "Как дела"),
        record("東京はどこですか", "日本です"),
        record("1 + 1", "2"),
    ]

    @Test("duplicates, near-duplicates and differing answers name the first record and the others")
    func groups() {
        let report = DataReport(Self.records)
        #expect(report.duplicates.map { [$0.first] + $0.others } == [[0, 1]])
        #expect(report.nearDuplicates.first?.first == 0)
        #expect(report.nearDuplicates.first?.others.contains(3) == true)
        #expect(report.nearDuplicates.first?.others.contains(1) == false)
        #expect(report.conflicts.map { [$0.first] + $0.others } == [[0, 2]])
        #expect(report.withoutPrompt == 1)
        #expect(report.completionBytes?.least == 1)
        #expect(report.completionBytes?.most == 45)
        #expect(report.tokens == nil)
    }

    @Test("languages are guessed by script and frequent words")
    func languages() {
        let counts = Dictionary(
            uniqueKeysWithValues: DataReport(Self.records).languages.map { ($0.language, $0.count) }
        )
        #expect(
            counts == [
                "English": 4, "German": 1, "Chinese": 1, "Cyrillic": 1, "Japanese": 1,
                "no letters": 1,
            ]
        )
    }

    @Test("a loss far above the others marks a record as likely mislabelled")
    func suspects() throws {
        let report = DataReport(Self.records)
        #expect(report.suspects.isEmpty)
        let losses: [Double?] = [1.0, 1.1, 6.0, 0.9, 1.05, nil, 0.95, 1.0, 9.0]
        let trained = report.trained(losses: losses, selfInfluence: (0..<9).map { Double($0) })
        let records = trained.suspects.map { $0.record }
        let influences = trained.suspects.compactMap { $0.selfInfluence }
        #expect(records == [8, 2])
        #expect(influences == [8.0, 2.0])
        #expect(trained.medianLoss == 1.025)
        let equal = report.trained(losses: Array(repeating: 1, count: 9))
        let unknown = report.trained(losses: Array(repeating: nil, count: 9))
        #expect(equal.suspects.isEmpty)
        #expect(unknown.medianLoss == nil)
    }

    @Test("the report is written as JSON and as text")
    func output() throws {
        let dataset = try Dataset(jsonLines: Array("{\"text\":\"a\"}\nno\n\n".utf8))
        let report = DataReport(dataset.records, skipped: dataset.skipped)
            .trained(losses: [2.5])
        let json = report.json
        #expect(json["records"] == 1)
        #expect(json["skipped"]?.array?.count == 2)
        #expect(json["median_loss"]?.double == 2.5)
        #expect(json["duplicates"]?["records"] == 0)
        #expect(report.text.contains("records            1\n"))
        #expect(report.text.contains("median loss        2.5\n"))
    }

    @Test("an empty list has a report")
    func empty() {
        let report = DataReport([])
        #expect(report.promptBytes == nil)
        #expect(report.json["records"] == 0)
    }
}
