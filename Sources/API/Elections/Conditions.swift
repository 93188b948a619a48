import Coordination
import JSON

/// GET …/leases/{name}/wait: until a condition of the name is met.
extension Elections {
    private enum Kind: String, CaseIterable {
        case idle, drained, quiet, phase

        /// The parameters that belong to it.
        var parameters: [String] {
            switch self {
            case .idle: []
            case .drained: ["drained"]
            case .quiet: ["quiet"]
            case .phase: ["phase", "holder", "since"]
            }
        }
    }

    func waitForCondition(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        let format = try format(envelope, streams: true)
        let all = Kind.allCases.flatMap(\.parameters)
        let query = try Query(envelope.request, allowed: ["condition", "wait"] + all)
        guard let kind = try query.choice("condition", Kind.allCases.map { ($0.rawValue, $0) }) else {
            let allowed = Kind.allCases.map(\.rawValue)
            throw .field(
                "condition", "The query parameter condition is required: \(allowed.joined(separator: ", ")).",
                allowed: allowed)
        }
        for name in all where !kind.parameters.contains(name) && query[name] != nil {
            throw .field(
                name, "\(name) is not of the condition \(kind.rawValue).",
                allowed: kind.parameters.isEmpty ? "absent" : kind.parameters.joined(separator: ", "))
        }
        let condition = try condition(kind, query)
        let until = try waitUntil(query, format, envelope.now)
        let wait = ConditionWait(request: envelope.id, key: key, condition: condition, waitUntil: until)
        return .command(.waitFor(wait), AnswerShape(format, waits: until != nil))
    }

    private func condition(_ kind: Kind, _ query: Query) throws(Problem) -> NameCondition {
        switch kind {
        case .idle: return .idle
        // 0: nobody held it when it was asked first.
        case .drained: return .drained(try query.number("drained", in: 0...revisionRange.upperBound))
        case .quiet:
            let rule = "a duration from 1ms to 30d, such as \"10m\""
            guard let interval = try query.duration("quiet") else {
                throw .field("quiet", "The query parameter quiet is required: \(rule).", allowed: rule)
            }
            guard interval >= .milliseconds(1), interval <= .hours(30 * 24) else {
                throw .field("quiet", "quiet is out of range: it has to be \(rule).", allowed: rule)
            }
            return .quiet(interval)
        case .phase:
            let phase = try word("phase", query, max: settings.phaseBytesMax)
            guard let phase else {
                throw .field("phase", "The query parameter phase is required.", allowed: "a phase's name")
            }
            return .phase(
                phase, holder: try word("holder", query, max: settings.holderBytesMax),
                since: try query.number("since", in: 0...revisionRange.upperBound))
        }
    }

    private func word(_ name: String, _ query: Query, max: Int) throws(Problem) -> String? {
        guard let text = query[name] else { return nil }
        guard (1...max).contains(text.utf8.count), !Names.hasControl(text) else {
            let rule = "1 to \(max) bytes without control characters"
            throw .field(name, "\(name) can't be \(quoted(text)). It has to be \(rule).", allowed: rule)
        }
        return text
    }

    // MARK: Answers

    func write(_ view: ConditionView, to writer: inout JSONWriter) {
        writer.member("outcome", view.verdict.word)
        switch view.condition {
        case .idle: writer.member("condition", Kind.idle.rawValue)
        case .drained(let token):
            writer.member("condition", Kind.drained.rawValue)
            writer.member("drained", token)
        case .quiet(let interval):
            writer.member("condition", Kind.quiet.rawValue)
            writer.member("quiet", interval)
        case .phase(let phase, let holder, let since):
            writer.member("condition", Kind.phase.rawValue)
            writer.member("phase", phase)
            writer.member("holder", holder)
            writer.member("since", since)
        }
        writer.member("left", view.left.map { Int64($0) })
        writer.member("remaining", view.remaining?.shown)
        if let hold = view.hold { writer.member("hold") { write(hold, to: &$0) } }
        if let lease = view.lease {
            writer.member("lease") { write(lease, to: &$0) }
        } else {
            writer.null("lease")
        }
    }

    /// Where a wait for a condition stands.
    public func waitingLine(for view: ConditionView) -> [UInt8] {
        line("waiting") { write(view, to: &$0) }
    }

    func aheadOfTime(_ token: FencingToken, _ current: Revision) -> Problem {
        .field(
            "drained",
            "No hold has had the token \(token) yet: the newest revision is \(current). Send what the first answer "
                + "named as \"drained\".", allowed: "a number from 0 to \(current)")
    }
}

extension ConditionView.Verdict {
    var word: String {
        switch self {
        case .met: "met"
        case .waiting: "waiting"
        case .orphaned: "orphaned"
        case .deleted: "deleted"
        }
    }
}
