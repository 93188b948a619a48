import Testing

@testable import Daemon

@Suite struct `Metrics as text` {
    private func text(_ body: (inout MetricsText) -> Void) -> String {
        var text = MetricsText()
        body(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    @Test func `a metric is its help, its type and its samples`() {
        let page = text {
            $0.counter("a_total", 3, "How many.")
            $0.begin("b", .gauge, "By kind.")
            $0.sample(0.5, ("kind", "x"), ("more", "y"))
            $0.sample(7, ("kind", "z"))
        }
        #expect(
            page == """
                # HELP a_total How many.
                # TYPE a_total counter
                a_total 3
                # HELP b By kind.
                # TYPE b gauge
                b{kind="x",more="y"} 0.5
                b{kind="z"} 7

                """)
    }

    @Test func `what would end a label or a line is escaped`() {
        let page = text {
            $0.begin("a", .gauge, "one\\ \"two\"\nthree")
            $0.sample(1, ("b", "one\\ \"two\"\nthree"))
        }
        #expect(page.contains("# HELP a one\\\\ \"two\"\\nthree\n"))
        #expect(page.contains("a{b=\"one\\\\ \\\"two\\\"\\nthree\"} 1\n"))
    }

    @Test func `a histogram is cumulative buckets, a sum and a count`() {
        var histogram = Histogram([0.5, 1, 10])
        for value in [0.25, 1, 1, 11] { histogram.observe(value) }
        let page = text {
            $0.begin("t_seconds", .histogram, "Time.")
            $0.samples(histogram, ("k", "v"))
        }
        #expect(
            page.split(separator: "\n").dropFirst(2) == [
                "t_seconds_bucket{k=\"v\",le=\"0.5\"} 1", "t_seconds_bucket{k=\"v\",le=\"1\"} 3",
                "t_seconds_bucket{k=\"v\",le=\"10\"} 3", "t_seconds_bucket{k=\"v\",le=\"+Inf\"} 4",
                "t_seconds_sum{k=\"v\"} 13.25", "t_seconds_count{k=\"v\"} 4",
            ])
    }

    @Test(arguments: [
        (0.0, "0"), (30, "30"), (0.0001, "0.0001"), (1e-5, "1e-05"), (.infinity, "+Inf"),
        (-.infinity, "-Inf"),
        (.nan, "NaN"), (1_795_000_000.25, "1795000000.25"),
    ]) func `numbers are as Go reads them`(value: Double, text: String) {
        #expect(MetricsText.number(value) == text)
    }
}

@Suite struct `A histogram` {
    @Test func `a value belongs to the first bound that it does not exceed`() {
        var histogram = Histogram([1, 2])
        for value in [0, 1, 1.5, 2, 2.5, -1] { histogram.observe(value) }
        #expect(histogram.counts == [3, 2, 1])
        #expect(histogram.cumulative == [3, 5, 6])
        #expect(histogram.count == 6)
        #expect(histogram.sum == 6)
    }

    @Test func `without a value it is all zeros`() {
        #expect(Histogram([1]).cumulative == [0, 0])
        #expect(Histogram([]).cumulative == [0])
    }
}
