import Telemetry
import Testing

@Suite("Prometheus text format")
struct PrometheusTextTests {
    @Test("a family is its help, its type and its samples")
    func families() {
        let text = PrometheusText.render([
            .gauge("node_height", "The last block.", 12),
            MetricFamily(
                "node_bytes_total",
                "Bytes by channel.",
                [
                    .init(.counter(5), labels: [.init("channel", "blocks")]),
                    .init(.counter(0.5), labels: [.init("channel", "a \"b\"\\\n")]),
                ]
            ),
        ])
        #expect(
            text == """
                # HELP node_height The last block.
                # TYPE node_height gauge
                node_height 12
                # HELP node_bytes_total Bytes by channel.
                # TYPE node_bytes_total counter
                node_bytes_total{channel="blocks"} 5
                node_bytes_total{channel="a \\"b\\"\\\\\\n"} 0.5

                """
        )
    }

    @Test("a histogram counts what is at most each bound, and all")
    func histogram() {
        var histogram = Histogram(bounds: [0.5, 1])
        for value in [0.25, 0.5, 0.75, 9] { histogram.observe(value) }
        #expect(
            PrometheusText.render([.histogram("t", "Seconds.", histogram)]) == """
                # HELP t Seconds.
                # TYPE t histogram
                t_bucket{le="0.5"} 2
                t_bucket{le="1"} 3
                t_bucket{le="+Inf"} 4
                t_sum 10.5
                t_count 4

                """
        )
    }

    @Test("numbers that are none are spelled as the format says")
    func special() {
        let text = PrometheusText.render([
            .gauge("a", "", .nan), .gauge("b", "", -.infinity), .gauge("c", "", 1e300),
        ])
        let values = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(values == ["a NaN", "b -Inf", "c 1e+300"])
    }
}
