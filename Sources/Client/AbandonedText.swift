import JSON

/// A hold that nobody is known to have looked after, for people.
enum AbandonedText {
    /// `token 17, push-1, pushing, expired at 05:01:02Z (github/org/repo/push/build)`.
    static func line(_ hold: JSON) -> String {
        var text =
            "token \(hold["fencingToken"]?.integer ?? 0), \(hold["holderIdentity"]?.string ?? "somebody")"
        if let phase = hold["phase"]?.string { text += ", \(phase)" }
        text += ", \(hold["end"]?.string ?? "abandoned")"
        if let time = hold["endTime"]?.string { text += " at \(time.prefix(19))Z" }
        if let work = hold["work"]?.string { text += " (\(work))" }
        return text
    }
}
