import JSON

/// What `get`, `describe` and `history` show of the server's records.
public enum Listing {
    static func text(_ value: JSON?) -> String {
        switch value {
        case nil, .null?: "-"
        case .string(let text)?: text.isEmpty ? "-" : text
        case let value?: value.text
        }
    }

    public static func leases(_ items: [JSON], wide: Bool, now: Int64) -> Table {
        let more = wide ? ["MODE", "PHASE", "ABANDONED", "ATTEMPT", "LAST-END", "LAST-HOLDER", "RUN"] : []
        return Table(
            ["NAME", "HOLDER", "TOKEN", "REMAINING", "QUEUE", "HELD-FOR"] + more,
            rows: items.map { lease in
                // Of those who share the name the one that has been there longest stands for all.
                let hold = lease["holders"]?.array?.first ?? lease
                let others = (lease["holderCount"]?.integer ?? 1) - 1
                let remaining = hold["remaining"]?.double.map { DurationText.show(.seconds($0)) }
                let row = [
                    text(lease["name"]), text(hold["holderIdentity"]) + (others > 0 ? " +\(others)" : ""),
                    text(hold["fencingToken"]), remaining ?? "-", text(lease["queueLength"]),
                    WallTime.age(hold["beginTime"]?.string, now: now),
                ]
                guard wide else { return row }
                let abandoned = Int64(lease["abandoned"]?.array?.count ?? 0)
                let permits = lease["permits"]?.integer.map { ":\($0)" } ?? ""
                return row + [
                    text(lease["mode"]) + permits, text(hold["phase"]),
                    String(abandoned + (lease["abandonedBeyond"]?.integer ?? 0)),
                    "\(text(lease["attempt"]))/\(text(lease["maxAttempts"]))", text(lease["last"]?["end"]),
                    text(lease["last"]?["holderIdentity"]), text(lease["info"]?["runURL"]),
                ]
            })
    }

    public static func markers(_ items: [JSON], wide: Bool, now: Int64) -> Table {
        let more = wide ? ["REVISION", "TOKEN", "REASON", "INPUTS", "RUN"] : []
        return Table(
            ["NAME", "OUTCOME", "HOLDER", "RESULTS", "ARTIFACTS", "AGE"] + more,
            rows: items.map { marker in
                let row = [
                    text(marker["name"]), text(marker["outcome"]), text(marker["holderIdentity"]),
                    String(marker["result"]?.members?.count ?? 0),
                    String(marker["artifacts"]?.array?.count ?? 0),
                    WallTime.age(marker["endTime"]?.string, now: now),
                ]
                guard wide else { return row }
                return row + [
                    text(marker["revision"]), text(marker["fencingToken"]), text(marker["reason"]),
                    text(marker["inputsDigest"]), text(marker["info"]?["runURL"]),
                ]
            })
    }

    /// From the answer of `GET /v1/namespaces/{namespace}`.
    public static func quota(_ answer: JSON) -> Table {
        Table(
            ["WHAT", "USED", "LIMIT"],
            rows: ["leases", "markers", "bytes", "aliases", "waiters"].map { what in
                let reserved = answer[what]?["reserved"]?.integer ?? 0
                let more = reserved > 0 ? " (\(reserved) reserved)" : ""
                return [what, text(answer[what]?["used"]) + more, text(answer[what]?["limit"])]
            })
    }

    public static func holds(_ items: [JSON], wide: Bool) -> Table {
        let more = wide ? ["MODE", "PHASES", "ENDED-BY", "RUN"] : []
        return Table(
            ["TOKEN", "NAME", "HOLDER", "ATTEMPT", "BEGIN", "END", "LASTED", "REASON"] + more,
            rows: items.map { hold in
                let begin = hold["beginTime"]?.string
                let end = hold["endTime"]?.string
                let lasted = end.flatMap(WallTime.seconds).map { WallTime.age(begin, now: $0) }
                let row = [
                    text(hold["fencingToken"]), text(hold["name"]), text(hold["holderIdentity"]),
                    text(hold["attempt"]), begin.map { String($0.prefix(19)) + "Z" } ?? "-",
                    hold["end"]?.string ?? "(held)", lasted ?? "-", text(hold["reason"]),
                ]
                guard wide else { return row }
                let phases = (hold["phases"]?.array ?? []).map { text($0["phase"]) }
                return row + [
                    hold["mode"]?.string ?? "exclusive", phases.isEmpty ? "-" : phases.joined(separator: ","),
                    text(hold["endedBy"]), text(hold["info"]?["runURL"]),
                ]
            })
    }

    /// Who asked is an identity, or else an address; whose entry has neither is the daemon's own.
    public static func audit(_ items: [JSON], wide: Bool) -> Table {
        let more = wide ? ["REVISION", "REQUEST", "ADDRESS", "HOLDER", "TOKEN", "DETAILS"] : []
        return Table(
            ["TIME", "WHO", "VERB", "OUTCOME", "NAMESPACE", "NAME", "COUNT", "REASON"] + more,
            rows: items.map { entry in
                let time = entry["time"]?.string.map { String($0.prefix(19)) + "Z" }
                let row = [
                    time ?? "-", text(entry["identity"] ?? entry["address"]), text(entry["verb"]),
                    text(entry["outcome"]), text(entry["namespace"]), text(entry["name"]),
                    text(entry["count"]), text(entry["reason"]),
                ]
                guard wide else { return row }
                let details = entry["details"]?.stringMap ?? [:]
                return row + [
                    text(entry["revision"]), text(entry["requestID"]), text(entry["address"]),
                    text(entry["holderIdentity"]), text(entry["fencingToken"]),
                    details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                        .joined(separator: " "),
                ]
            })
    }

    /// One record for a person: each member on a line, what is inside of one indented.
    public static func description(_ value: JSON, depth: Int = 0, isMap: Bool = false) -> String {
        let indent = String(repeating: "  ", count: depth)
        let members = (value.members ?? []).filter { $0.value != .null }
        // The keys of a result and of info are the users' own.
        let label: (String) -> String = { isMap ? $0 : Self.label($0) }
        let width = members.map { label($0.name).count }.max() ?? 0
        return members.map { member in
            let name = label(member.name) + ":"
            switch member.value {
            case .object(let inner) where !inner.isEmpty:
                let isMap = member.name == "result" || member.name == "info"
                return "\(indent)\(name)\n" + description(member.value, depth: depth + 1, isMap: isMap)
            case .array(let items) where !items.isEmpty:
                return "\(indent)\(name)\n" + items.map { item($0, depth + 1) }.joined()
            case .object, .array: return "\(indent)\(name) none\n"
            default:
                let space = String(repeating: " ", count: max(0, width + 2 - name.count))
                return "\(indent)\(name)\(space)\(shown(member))\n"
            }
        }.joined()
    }

    private static func item(_ value: JSON, _ depth: Int) -> String {
        let indent = String(repeating: "  ", count: depth)
        guard value.members != nil else { return "\(indent)\(text(value))\n" }
        let inner = description(value, depth: depth + 1)
        return "\(indent)- " + inner.dropFirst(2 * (depth + 1))
    }

    private static func shown(_ member: JSON.Member) -> String {
        let durations = ["remaining", "leaseDuration", "retention", "uptime"]
        if durations.contains(member.name), let seconds = member.value.double {
            return DurationText.show(.seconds(seconds))
        }
        let lines = PlainText.lines(text(member.value), prefix: "    ")
        return String(lines.dropFirst(4).dropLast())
    }

    /// `holderIdentity` → `Holder identity`, `runURL` → `Run URL`.
    private static func label(_ name: String) -> String {
        var out = ""
        for character in name {
            if out.isEmpty {
                out += character.uppercased()
            } else if character.isUppercase, out.last?.isLowercase == true {
                out += " " + (name.hasSuffix("URL") ? character.uppercased() : character.lowercased())
            } else {
                out.append(character)
            }
        }
        return out
    }
}
