import JSON

extension Listing {
    /// What goes, and why the others stay.
    public static func pruned(_ items: [JSON], wide: Bool, now: Int64) -> Table {
        Table(
            ["ACTION", "NAME", "AGE", "WHY"] + (wide ? ["REVISION"] : []),
            rows: items.map { item in
                [
                    text(item["action"]), text(item["name"]), WallTime.age(item["endTime"]?.string, now: now),
                    text(item["detail"]),
                ] + (wide ? [text(item["revision"])] : [])
            })
    }
}
