/// One metric with all its values at a moment, as a scraper reads it.
package struct MetricFamily: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        /// Only grows while the process lives.
        case counter(Double)
        case gauge(Double)
        case histogram(Histogram)
    }

    package struct Sample: Sendable, Equatable {
        /// In the order in which they are written.
        package let labels: [Label]
        package let value: Value

        package init(_ value: Value, labels: [Label] = []) {
            self.labels = labels
            self.value = value
        }
    }

    package struct Label: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Letters, digits, `_` and `:`; not beginning with a digit.
    package let name: String
    package let help: String
    /// All of one kind.
    package let samples: [Sample]

    package init(_ name: String, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.samples = samples
    }

    package static func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, help, [Sample(.gauge(value))])
    }

    package static func counter(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
        MetricFamily(name, help, [Sample(.counter(value))])
    }

    package static func histogram(
        _ name: String,
        _ help: String,
        _ value: Histogram
    ) -> MetricFamily {
        MetricFamily(name, help, [Sample(.histogram(value))])
    }
}
