import JSON
import Testing
import story

@Suite("Story: its parts") struct PartsTests {
    @Test(
        "amounts show at most six decimals, without zeros at the end",
        arguments: [
            (0, "0"), (1_000_000_000_000_000_000, "1"), (2_500_000_000_000_000_000, "2.5"),
            (1_000_001_000_000_000_000, "1.000001"), (999_999_999_999, "0"),
            (12_000_000_000_000_000_000_000, "12000"), (50_000_000_000_000_000, "0.05"),
        ] as [(UInt128, String)]
    )
    func money(_ units: UInt128, _ text: String) {
        #expect(Money(units: units).description == text)
    }

    @Test("a change shows its sign, and no change is no loss")
    func change() {
        let (one, three) = (
            Money(units: Money.unitsPerToken), Money(units: 3 * Money.unitsPerToken)
        )
        #expect(Money.change(from: one, to: three) == "+2")
        #expect(Money.change(from: three, to: one) == "-2")
        #expect(Money.change(from: one, to: one) == "+0")
        #expect(one < three && one + one + one == three)
    }

    @Test("the report keeps steps and figures in order, and a later figure of a name replaces")
    func report() {
        var report = Report()
        report.set("early", 1)
        report.begin("first")
        report.set("a", 1)
        report.set("b", "x")
        report.set("a", 2)
        report.set("step", "taken")
        report.end(after: 1.23456)
        report.begin("second")
        #expect(report.seconds(of: 0) == 1.23456 && report.seconds(of: 7) == 0)
        #expect(
            report.json(model: "small", completed: 1, of: 8) == [
                "model": "small", "completed": 1, "of": 8,
                "seconds": .number(JSONNumber(1.235) ?? JSONNumber(0)),
                "steps": [
                    [
                        "step": "first", "seconds": .number(JSONNumber(1.235) ?? JSONNumber(0)),
                        "b": "x", "a": 2,
                    ], ["step": "second", "seconds": 0],
                ],
            ]
        )
    }

    @Test("fields are found by path, and a missing or misshaped one is named")
    func fields() throws {
        let answer: JSON = [
            "terms": ["trace": ["units": 7]], "name": "n", "amount": "2500000000000000000",
            "list": [1], "flag": true, "bad": "-1",
        ]
        #expect(try answer.count("terms.trace.units") == 7)
        #expect(try answer.text("name") == "n" && answer.flag("flag"))
        #expect(try answer.money("amount").description == "2.5" && answer.list("list") == [1])
        #expect(try answer.real("terms.trace.units") == 7)
        for (path, read) in [
            ("terms.gone", { try answer.field("terms.gone") }),
            ("name", { try answer.count("name") }),
            ("list", { try answer.text("list") }), ("bad", { try answer.money("bad") }),
            ("flag", { try answer.real("flag") }), ("name", { try answer.list("name") }),
            ("list", { try answer.flag("list") }),
        ] as [(String, () throws -> Any)] {
            let error = #expect(throws: (any Error).self) { _ = try read() }
            #expect(error.map { "\($0)" }?.contains(path) == true)
        }
    }
}
