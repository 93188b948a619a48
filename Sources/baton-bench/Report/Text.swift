/// Figures as people read them: three digits that count, thousands apart.
enum Text {
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let size = abs(value)
        if size >= 1000 { return grouped(value) }
        if size >= 100 { return fixed(value, 0) }
        if size >= 10 { return fixed(value, 1) }
        return fixed(value, 2)
    }

    /// To three digits: 12,345 would claim more than was measured.
    private static func grouped(_ value: Double) -> String {
        var step = 1.0
        while abs(value) / step >= 1000 { step *= 10 }
        let digits = Array(String(Int((value / step).rounded()) * Int(step)))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, digit != "-", (digits.count - index) % 3 == 0, digits[index - 1] != "-" {
                text += ","
            }
            text.append(digit)
        }
        return text
    }

    static func fixed(_ value: Double, _ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(scaled)" }
        let rest = String(scaled % scale)
        return "\(sign)\(scaled / scale)." + String(repeating: "0", count: places - rest.count) + rest
    }

    /// Of things that are counted: 40, 1,000.
    static func count(_ value: Int) -> String { value < 1000 ? "\(value)" : number(Double(value)) }

    static func milliseconds(_ nanoseconds: Int64) -> String { "\(number(Double(nanoseconds) / 1e6)) ms" }
    static func microseconds(_ nanoseconds: Int64) -> String { "\(number(Double(nanoseconds) / 1e3)) us" }
    static func kibibytes(_ bytes: Double) -> String { "\(number(bytes / 1024)) KiB" }
    static func megabytes(_ bytes: Int) -> String { "\(number(Double(bytes) / 1e6)) MB" }
    static func mebibytes(_ bytes: Int) -> String { "\(number(Double(bytes) / 1_048_576)) MiB" }

    static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
