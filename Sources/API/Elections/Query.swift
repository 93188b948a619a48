import Coordination

/// The query's parameters, each known and given once at most.
struct Query {
    private let items: [(name: String, value: String)]

    /// - Parameter repeated: the one parameter that may come more than once.
    init(_ request: APIRequest, allowed: [String], repeated: String? = nil) throws(Problem) {
        items = request.query
        for (index, item) in items.enumerated() {
            guard allowed.contains(item.name) else { throw Self.unknown(item.name, allowed) }
            if item.name != repeated, items[..<index].contains(where: { $0.name == item.name }) {
                throw .field(
                    item.name, "The query gives \(quoted(item.name)) more than once.", allowed: "given once")
            }
        }
    }

    private static func unknown(_ name: String, _ allowed: [String]) -> Problem {
        let known = allowed.isEmpty ? "none" : allowed.joined(separator: ", ")
        return .field(
            name, "There is no query parameter \(quoted(name)) here. Known: \(known).", allowed: allowed)
    }

    subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map { $0.value } }

    /// "20s", or a number of seconds. Not capped yet.
    func duration(_ name: String) throws(Problem) -> Interval? {
        guard let text = self[name] else { return nil }
        if let interval = Interval(text: text) { return interval }
        // Only digits and a point: "inf", "1e3" and "0x1p4" are Doubles too.
        if text.utf8.allSatisfy({ $0 &- 48 < 10 || $0 == UInt8(ascii: ".") }), let seconds = Double(text),
            let interval = Interval(seconds: seconds)
        {
            return interval
        }
        let rule = "a duration such as \"20s\" or \"1m30s\", or a number of seconds"
        throw .field(name, "\(quoted(text)) is not a duration. \(name) has to be \(rule).", allowed: rule)
    }

    func number(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = self[name] else { return nil }
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 48 < 10 }),
            let number = Int64(text), range.contains(number)
        else { throw Self.notInRange(name, quoted(text), range) }
        return number
    }

    func required(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64 {
        guard let number = try number(name, in: range) else {
            throw .field(
                name, "The query parameter \(name) is required: \(rule(range)).", allowed: rule(range))
        }
        return number
    }

    func choice<Value>(_ name: String, _ choices: [(String, Value)]) throws(Problem) -> Value? {
        guard let text = self[name] else { return nil }
        if let choice = choices.first(where: { $0.0 == text }) { return choice.1 }
        let allowed = choices.map { $0.0 }
        throw .field(
            name, "\(name) can't be \(quoted(text)). Allowed: \(allowed.joined(separator: ", ")).",
            allowed: allowed)
    }

    func prefix() throws(Problem) -> String {
        let prefix = self["prefix"] ?? ""
        guard Names.isPrefix(prefix) else {
            let rule = "at most 253 of a-z, 0-9, \"-\" and \".\""
            throw .field(
                "prefix", "\(quoted(prefix)) can't begin a name. A prefix is \(rule).", allowed: rule)
        }
        return prefix
    }

    func limit(_ settings: Elections.Settings) throws(Problem) -> Int {
        try number("limit", in: 1...Int64(settings.limitMax)).map { Int($0) } ?? settings.defaultLimit
    }

    func page(_ settings: Elections.Settings) throws(Problem) -> ReadQuery.Page {
        let after = self["continue"]
        if let after, !Names.isSubdomain(after) {
            throw .field(
                "continue", "\(quoted(after)) is not a place in this list. Send what the last part gave.",
                allowed: "the value of \"continue\" in the answer with the last part")
        }
        return ReadQuery.Page(limit: try limit(settings), after: after)
    }

    static func notInRange(_ name: String, _ found: String, _ range: ClosedRange<Int64>) -> Problem {
        .field(name, "\(name) can't be \(found). It has to be \(rule(range)).", allowed: rule(range))
    }

    private func rule(_ range: ClosedRange<Int64>) -> String { Self.rule(range) }

    private static func rule(_ range: ClosedRange<Int64>) -> String {
        "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }
}

/// Fencing tokens and revisions: positive, and exact as a JSON number in any language.
let revisionRange: ClosedRange<Int64> = 1...(1 << 53 - 1)
