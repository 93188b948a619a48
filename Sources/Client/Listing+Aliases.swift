import JSON

extension Listing {
    public static func aliases(_ items: [JSON], wide: Bool, now: Int64) -> Table {
        let more = wide ? ["MARKER-REVISION", "PREVIOUS", "REASON"] : []
        return Table(
            ["NAME", "TARGET", "REVISION", "BY", "AGE"] + more,
            rows: items.map { alias in
                let row = [
                    text(alias["name"]), text(alias["target"]), text(alias["revision"]), mover(of: alias),
                    WallTime.age(alias["moveTime"]?.string, now: now),
                ]
                guard wide else { return row }
                return row + [
                    text(alias["targetRevision"]), text(alias["previous"]?["target"]),
                    text(alias["reason"]),
                ]
            })
    }

    public static func aliasMoves(_ items: [JSON], wide: Bool) -> Table {
        let more = wide ? ["MARKER-REVISION", "HOLDER"] : []
        return Table(
            ["REVISION", "TIME", "MOVE", "FROM", "TO", "BY", "REASON"] + more,
            rows: items.map { move in
                let row = [
                    text(move["revision"]), move["time"]?.string.map { String($0.prefix(19)) + "Z" } ?? "-",
                    text(move["move"]), text(move["from"]?["target"]), text(move["to"]?["target"]),
                    mover(of: move), text(move["reason"]),
                ]
                guard wide else { return row }
                return row + [text(move["to"]?["targetRevision"]), text(move["holderIdentity"])]
            })
    }

    /// Who authenticated; where nobody did, how they called themselves.
    private static func mover(of record: JSON) -> String {
        text(record["principal"] ?? record["holderIdentity"])
    }
}
