import Foundation
package import JSON

/// Every figure that the story shows, by step, in the order in which they were found.
package struct Report {
    private var steps: [(name: String, seconds: Double, figures: [JSONObject.Member])] = []

    package init() {}

    package mutating func begin(_ name: String) { steps.append((name, 0, [])) }

    package mutating func end(after seconds: Double) {
        guard !steps.isEmpty else { return }
        steps[steps.count - 1].seconds = seconds
    }

    /// Notes a figure of the present step; a second one of the same name replaces the first.
    package mutating func set(_ key: String, _ value: JSON) {
        guard !steps.isEmpty else { return }
        steps[steps.count - 1].figures.removeAll { $0.key == key }
        steps[steps.count - 1].figures.append(.init(key: key, value: value))
    }

    package func seconds(of step: Int) -> Double { step < steps.count ? steps[step].seconds : 0 }

    package func json(model: String, completed: Int, of total: Int) -> JSON {
        let list = steps.map { step in
            JSON.object(
                JSONObject(
                    [
                        .init(key: "step", value: .string(step.name)),
                        .init(key: "seconds", value: Self.number(step.seconds)),
                    ] + step.figures.filter { $0.key != "step" && $0.key != "seconds" }
                )
            )
        }
        return [
            "model": .string(model), "completed": .integer(completed), "of": .integer(total),
            "seconds": Self.number(steps.reduce(0) { $0 + $1.seconds }), "steps": .array(list),
        ]
    }

    static func number(_ value: Double) -> JSON {
        JSONNumber((value * 1000).rounded() / 1000).map(JSON.number) ?? .null
    }
}
