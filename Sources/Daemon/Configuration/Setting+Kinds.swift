import API
import Coordination

/// Kinds of settings: what each takes, and what it says of anything else.
extension Setting {
    static func duration(
        _ key: String, _ path: Path<Interval>, min: Interval = .milliseconds(1), reloads: Bool = false
    ) -> Setting {
        Setting(
            key, path, reloads: reloads,
            expected: "a duration such as 30s, 45m or 1h30m, of at least \(min.text)",
            read: { Interval(text: $0).flatMap { $0 >= min ? $0 : nil } }, show: { $0.text })
    }

    /// A duration where nothing is set by default.
    static func duration(_ key: String, _ path: Path<Interval?>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "a duration such as 1h",
            read: { Interval(text: $0).map(Optional.some) }, show: { $0?.text ?? "" })
    }

    static func nanoseconds(_ key: String, _ path: Path<Int64>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "a duration such as 30s or 2m",
            read: { Interval(text: $0).flatMap { $0 > .zero ? $0.nanoseconds : nil } },
            show: { Interval(nanoseconds: $0).text })
    }

    static func count<Number: FixedWidthInteger & Sendable>(
        _ key: String, _ path: Path<Number>, _ range: ClosedRange<Number>, reloads: Bool = false
    ) -> Setting {
        Setting(
            key, path, reloads: reloads,
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { Number($0).flatMap { range.contains($0) ? $0 : nil } }, show: { String($0) })
    }

    /// A number where nothing is set by default.
    static func count(_ key: String, _ path: Path<Int?>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "a positive whole number",
            read: { Int($0).flatMap { $0 > 0 ? .some($0) : nil } }, show: { $0.map(String.init) ?? "" })
    }

    static func choice(
        _ key: String, _ path: Path<String>, _ choices: [String], reloads: Bool = false
    ) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "one of \(choices.joined(separator: ", "))",
            read: { choices.contains($0) ? $0 : nil }, show: { $0 })
    }

    static func flag(_ key: String, _ path: Path<Bool>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "one of true, false", read: { Bool($0) },
            show: { String($0) })
    }

    /// The permission bits of a file, in octal.
    static func mode(_ key: String, _ path: Path<UInt32>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "a mode such as 0660",
            read: { UInt32($0, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } },
            show: { "0" + String($0, radix: 8) })
    }

    /// Texts, separated by commas or as a list of YAML.
    static func list(_ key: String, _ path: Path<[String]>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "a list",
            read: { $0.split(separator: ",").map { String($0.trimmingSpace) } },
            show: { $0.joined(separator: ",") })
    }

    static func text(_ key: String, _ path: Path<String>, expected: String, reloads: Bool = false) -> Setting
    {
        Setting(
            key, path, reloads: reloads, expected: expected, read: { $0.isEmpty ? nil : $0 }, show: { $0 })
    }

    /// A name; empty where none is set.
    static func name(_ key: String, _ path: Path<String?>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads, expected: "a name", read: { .some($0.isEmpty ? nil : $0) },
            show: { $0 ?? "" })
    }

    /// The path of a file that is read, or `credential:NAME`; empty where none is set.
    static func path(_ key: String, _ path: Path<String?>, reloads: Bool = false) -> Setting {
        Setting(
            key, path, reloads: reloads,
            expected: "a path or credential:NAME of a credential that the service manager gave",
            read: { $0.isEmpty ? .some(nil) : Credential.path($0).map(Optional.some) }, show: { $0 ?? "" })
    }
}
