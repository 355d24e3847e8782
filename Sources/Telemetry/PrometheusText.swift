// The text exposition format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

/// Writes metrics as Prometheus reads them.
package enum PrometheusText {
    package static func render(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            guard let first = family.samples.first else { continue }
            text += "# HELP \(family.name) \(escapedHelp(family.help))\n"
            text += "# TYPE \(family.name) \(kind(of: first.value))\n"
            for sample in family.samples { write(sample, of: family.name, to: &text) }
        }
        return text
    }

    private static func kind(of value: MetricFamily.Value) -> String {
        switch value {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }

    private static func write(
        _ sample: MetricFamily.Sample,
        of name: String,
        to text: inout String
    ) {
        switch sample.value {
        case .counter(let value), .gauge(let value):
            text += "\(name)\(labels(sample.labels)) \(number(value))\n"
        case .histogram(let histogram):
            for (bound, count) in zip(histogram.bounds, histogram.cumulative) {
                let all = sample.labels + [MetricFamily.Label("le", number(bound))]
                text += "\(name)_bucket\(labels(all)) \(count)\n"
            }
            let all = sample.labels + [MetricFamily.Label("le", "+Inf")]
            text += "\(name)_bucket\(labels(all)) \(histogram.count)\n"
            text += "\(name)_sum\(labels(sample.labels)) \(number(histogram.sum))\n"
            text += "\(name)_count\(labels(sample.labels)) \(histogram.count)\n"
        }
    }

    private static func labels(_ labels: [MetricFamily.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let parts = labels.map { "\($0.name)=\"\(escapedLabel($0.value))\"" }
        return "{" + parts.joined(separator: ",") + "}"
    }

    /// Whole numbers without a fraction, as counters are read by people too.
    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return "\(value)"
    }

    private static func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func escapedLabel(_ text: String) -> String {
        escapedHelp(text).replacing("\"", with: "\\\"")
    }
}
