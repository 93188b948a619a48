/// Writes Prometheus' text format, version 0.0.4.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/: all lines of a metric are one
/// group, HELP and TYPE first; a label's value has backslash, quote and line feed escaped, a help
/// text backslash and line feed; the last line ends in a line feed as well.
struct MetricsText {
    enum Kind: String { case counter, gauge, histogram }
    typealias Label = (name: String, value: String)

    private(set) var bytes: [UInt8] = []
    private var family = ""
    private var families: Set<String> = []

    init() { bytes.reserveCapacity(24 * 1024) }

    /// Begins a metric; its samples follow.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        precondition(families.insert(name).inserted, "a metric is one group: \(name)")
        precondition(kind != .counter || name.hasSuffix("_total"), "a counter is a total: \(name)")
        family = name
        line("# HELP \(name) \(Self.escaped(help, quotes: false))")
        line("# TYPE \(name) \(kind.rawValue)")
    }

    mutating func sample(_ value: Double, _ labels: Label...) { sample(family, labels, Self.number(value)) }
    mutating func sample<Count: BinaryInteger>(_ value: Count, _ labels: Label...) {
        sample(family, labels, String(value))
    }

    mutating func samples(_ histogram: Histogram, _ labels: Label...) {
        let cumulative = histogram.cumulative
        for (bound, count) in zip(histogram.bounds + [.infinity], cumulative) {
            sample(family + "_bucket", labels + [("le", Self.number(bound))], String(count))
        }
        sample(family + "_sum", labels, Self.number(histogram.sum))
        sample(family + "_count", labels, String(cumulative.last!))
    }

    // A metric of one sample without labels.
    mutating func counter<Count: BinaryInteger>(_ name: String, _ value: Count, _ help: String) {
        begin(name, .counter, help)
        sample(value)
    }

    mutating func gauge<Count: BinaryInteger>(_ name: String, _ value: Count, _ help: String) {
        begin(name, .gauge, help)
        sample(value)
    }

    mutating func gauge(_ name: String, _ value: Double, _ help: String) {
        begin(name, .gauge, help)
        sample(value)
    }

    private mutating func sample(_ name: String, _ labels: [Label], _ value: String) {
        let inside = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
        line(name + (inside.isEmpty ? "" : "{\(inside.joined(separator: ","))}") + " " + value)
    }

    private mutating func line(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// As Go's ParseFloat reads it. A whole number has no ".0": it is how bounds are usually written.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { String($0) } ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
