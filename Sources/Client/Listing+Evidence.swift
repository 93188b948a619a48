import JSON

/// What `overlaps` and `report` show.
extension Listing {
    /// A row for each pair: the one that began first, and the other.
    public static func overlaps(_ items: [JSON], wide: Bool) -> Table {
        let more = wide ? ["RUNS"] : []
        return Table(
            ["NAME", "FROM", "OVERLAP", "FIRST", "MODE", "TOKEN", "SECOND", "MODE", "TOKEN", "PHASES"] + more,
            rows: items.map { pair in
                let holds = pair["holds"]?.array ?? []
                func of(_ member: String, _ place: Int) -> String {
                    place < holds.count ? text(holds[place][member]) : "-"
                }
                let phases = holds.map { hold in
                    (hold["phasesDuring"]?.array ?? []).map(text).joined(separator: ",")
                }
                let row = [
                    text(pair["name"]), second(pair["from"]), length(pair["overlap"]),
                    of("holderIdentity", 0), of("mode", 0), of("fencingToken", 0),
                    of("holderIdentity", 1), of("mode", 1), of("fencingToken", 1),
                    phases.allSatisfy(\.isEmpty) ? "-" : phases.joined(separator: " / "),
                ]
                guard wide else { return row }
                return row + [
                    holds.map { text($0["info"]?["runURL"]) }.joined(separator: " ")
                ]
            })
    }

    public static func staleWrite(_ write: JSON) -> String {
        let count = write["count"]?.integer ?? 1
        return "\(second(write["time"])): \(text(write["verb"])) of \(text(write["name"])) with the token "
            + "\(text(write["fencingToken"])) of a hold that was over (\(text(write["holderIdentity"])))"
            + (count > 1 ? ", \(count) times" : "")
    }

    public static func report(_ items: [JSON], wide: Bool) -> Table {
        let more = wide ? ["HELD", "OBSERVED", "ELECTED-AFTER", "SETTLED-AFTER"] : []
        return Table(
            [
                "NAME", "HOLDS", "ATTEMPTS", "FAILURES", "TAKEOVERS", "WAITS", "WAITED", "AVOIDED",
                "WOULD-OVERLAP",
            ] + more,
            rows: items.map { row in
                let (elected, settled) = (row["waits"]?["elected"], row["waits"]?["settled"])
                let waits = (elected?["count"]?.integer ?? 0) + (settled?["count"]?.integer ?? 0)
                let waited = (elected?["time"]?.double ?? 0) + (settled?["time"]?.double ?? 0)
                let cells = [
                    text(row["name"]), text(row["holds"]), text(row["attempts"]), text(row["failures"]),
                    text(row["takeovers"]), String(waits), DurationText.show(.seconds(waited)),
                    figure(row["avoided"]), figure(row["wouldHaveOverlapped"]),
                ]
                guard wide else { return cells }
                return cells + [
                    length(row["held"]), text(row["observed"]), figure(elected), figure(settled),
                ]
            })
    }

    /// `3 (1h30m)`: how many, and how long in all.
    private static func figure(_ value: JSON?) -> String {
        let count = value?["count"]?.integer ?? 0
        return count == 0 ? "0" : "\(count) (\(length(value?["time"])))"
    }

    private static func length(_ seconds: JSON?) -> String {
        seconds?.double.map { DurationText.show(.seconds($0)) } ?? "-"
    }

    private static func second(_ time: JSON?) -> String {
        time?.string.map { String($0.prefix(19)) + "Z" } ?? "-"
    }
}
