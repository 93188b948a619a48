import JSON

/// Where a marker that was to be written differs from the one that is there.
public enum MarkerDifference {
    /// A sentence for each field: `result.digest is "b" here and "a" there`.
    ///
    /// - Parameters:
    ///   - ours: the body that was refused.
    ///   - theirs: the marker, as the server said it.
    public static func sentences(_ ours: JSON, _ theirs: JSON) -> [String] {
        let plain = ["outcome", "reason", "inputsDigest"].map { ($0, ours[$0]?.string, theirs[$0]?.string) }
        let results = pairs("result.", ours["result"]?.stringMap ?? [:], theirs["result"]?.stringMap ?? [:])
        return (plain + results + artifacts(ours, theirs))
            .filter { $1 != $2 }.map { "\($0) is \(shown($1)) here and \(shown($2)) there" }
    }

    private typealias Field = (name: String, ours: String?, theirs: String?)

    private static func artifacts(_ ours: JSON, _ theirs: JSON) -> [Field] {
        func described(_ json: JSON) -> [String: String] {
            let artifacts = json["artifacts"]?.array?.compactMap(Artifact.init) ?? []
            return Dictionary(
                artifacts.map { ($0.name, $0.digest + ($0.size.map { ", \($0) bytes" } ?? "")) }
            ) { first, _ in first }
        }
        return pairs("artifact ", described(ours), described(theirs))
    }

    private static func pairs(_ what: String, _ ours: [String: String], _ theirs: [String: String]) -> [Field]
    {
        Set(ours.keys).union(theirs.keys).sorted().map { (what + $0, ours[$0], theirs[$0]) }
    }

    /// Short, and on one line.
    private static func shown(_ value: String?) -> String {
        guard let value else { return "absent" }
        let isLong = value.count > 120
        return JSON.string(isLong ? value.prefix(119) + "…" : value).text
    }
}
