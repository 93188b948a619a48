import Glibc

/// What is printed: one line for each figure.
enum Report {
    static func heading(_ text: String) { put("\n\(text)\n") }

    static func fact(_ name: String, _ text: String) {
        put("\(Text.padded(name, to: nameWidth))\(text)\n")
    }

    /// `ours` in the unit of the baselines; nil where nothing is compared.
    static func figure(_ name: String, _ text: String, _ baseline: Baseline? = nil, ours: Double = 0) {
        let compared = baseline.map { "  (baseline: \($0.text(against: ours)))" } ?? ""
        put("\(Text.padded(name, to: nameWidth))\(text)\(compared)\n")
    }

    static func note(_ text: String) { put("\(Text.padded("", to: nameWidth))\(text)\n") }

    private static let nameWidth = 36

    private static func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
