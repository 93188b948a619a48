import Coordination
import JSON

/// POST /v1/namespaces/{namespace}/prune: which markers are to go, and what is said of each.
public struct PruneQuery: Hashable, Sendable {
    public var namespace: String
    /// Only those whose work ended longer ago.
    public var olderThan: Interval?
    /// The newest so many of what is asked for stay.
    public var keepLast: Int?
    /// Only names that match; nil: all. `*` stands for any characters.
    public var name: String?
    /// Only markers with such labels.
    public var labels: MarkerSelector?
    /// Names, or patterns of names, that stay.
    public var keep: [String] = []
    public var isDryRun: Bool
    /// How many markers a part has at the most.
    public var limit: Int
    public var from: PrunePlace?

    /// For the audit record.
    public var details: [String: String] {
        var details: [String: String] = [:]
        details["olderThan"] = olderThan?.text
        details["keepLast"] = keepLast.map { String($0) }
        details["name"] = name
        details["labels"] = labels?.description
        if !keep.isEmpty { details["keep"] = keep.prefix(10).joined(separator: ",") }
        return details
    }
}

/// Where the next part of a pruning begins, and from where on markers are among the newest: so that the parts
/// of one pruning agree. It is written as `ended/name`, once or twice.
public struct PrunePlace: Hashable, Sendable {
    public struct Marker: Hashable, Sendable {
        public var ended: Timestamp
        public var name: String

        public init(ended: Timestamp, name: String) {
            self.ended = ended
            self.name = name
        }
    }
    public var after: Marker
    public var newestFrom: Marker?

    public init(after: Marker, newestFrom: Marker?) {
        self.after = after
        self.newestFrom = newestFrom
    }

    public var text: String {
        [after, newestFrom].compactMap(\.self).map { "\($0.ended.microseconds)/\($0.name)" }
            .joined(separator: "/")
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 4, let after = Self.marker(parts[0], parts[1]) else {
            return nil
        }
        self.after = after
        guard parts.count == 4 else { return }
        guard let newest = Self.marker(parts[2], parts[3]) else { return nil }
        newestFrom = newest
    }

    private static func marker(_ ended: String, _ name: String) -> Marker? {
        // Before all names there is none.
        guard let ended = Int64(ended), name.isEmpty || Names.isSubdomain(name) else { return nil }
        return Marker(ended: Timestamp(microseconds: ended), name: name)
    }
}

/// Why a marker stays.
public enum KeepReason: Hashable, Sendable {
    case held(by: String?)
    case waitedFor(Int)
    case aliased([String])
    /// An alias pointed at it until then: only since then it grows old.
    case wasAliased(until: Timestamp)
    /// By a name or a pattern: of the request, or of a policy.
    case protectedName(String, byPolicy: Bool)
    case protectedLabel(String)
    case tooYoung
    case amongNewest(Int)
    /// Its own retention, which whoever made it gave it, isn't over.
    case ownRetention(until: Timestamp)
    /// A Kubernetes client has something to do before it may go.
    case finalizers
    /// It has been deleted or replaced since it was looked up.
    case changed
}

/// What became of a marker.
public struct PruneItem: Hashable, Sendable {
    public var name: String
    public var revision: Revision
    public var ended: Timestamp
    /// Nil: it is gone, or would be.
    public var kept: KeepReason?

    public init(name: String, revision: Revision, ended: Timestamp, kept: KeepReason?) {
        self.name = name
        self.revision = revision
        self.ended = ended
        self.kept = kept
    }
}

extension Elections {
    private static let pruneFields = [
        "olderThan", "keepLast", "name", "labels", "keep", "dryRun", "limit", "continue",
    ]
    static let prunedMax: Int64 = 200

    /// Patterns of names, as policies have them, too.
    public static let patternRule = Names.patternRule
    public static func isPattern(_ text: String) -> Bool { Names.isPattern(text) }

    /// 503: ages can't be told.
    public var clocksDisagree: APIResponse {
        Problem(
            .unavailable,
            "The wall clock jumped since batond was started: ages can't be told, and nothing is pruned until it is started anew."
        ).with { $0.member("reason", "ClocksDisagree") }.response
    }

    func pruning(_ envelope: Envelope, _ namespace: String) throws(Problem) -> PruneQuery {
        _ = try format(envelope, streams: false)
        _ = try Query(envelope.request, allowed: [])
        let fields = try Fields(envelope.request, allowed: Self.pruneFields)
        let keep = try fields.patterns("keep")
        var query = PruneQuery(
            namespace: namespace,
            olderThan: try fields.duration("olderThan", in: .zero...Marking.retentionMax),
            keepLast: try fields.integer("keepLast", in: 0...1_000_000).map { Int($0) },
            name: try fields.pattern("name"), labels: try fields.selector("labels"), keep: keep,
            isDryRun: try fields.flag("dryRun") ?? false,
            limit: Int(try fields.integer("limit", in: 1...Self.prunedMax) ?? Self.prunedMax))
        guard query.olderThan != nil || query.keepLast != nil else {
            throw fields.problem(
                "olderThan", "or keepLast is required: without either, all markers would go.",
                allowed: "one of olderThan, keepLast, or both")
        }
        if let text = try fields.string("continue") {
            guard let place = PrunePlace(text) else {
                throw fields.problem(
                    "continue", "is \(quoted(text)), no place in a pruning. Send what the last part gave.",
                    allowed: "the value of \"continue\" in the answer with the last part")
            }
            query.from = place
        }
        return query
    }

    /// - Parameter next: where the next part begins; nil: this was the last.
    public func pruned(_ items: [PruneItem], of query: PruneQuery, next: PrunePlace?) -> APIResponse {
        .json { writer in
            writer.member("dryRun", query.isDryRun)
            writer.member("pruned", items.count { $0.kept == nil })
            writer.member("kept", items.count { $0.kept != nil })
            writer.name("items")
            writer.array(items) { writer, item in
                writer.object { writer in
                    writer.member("name", item.name)
                    writer.member("revision", item.revision)
                    writer.member("endTime", item.ended)
                    writer.member("action", item.kept == nil ? "prune" : "keep")
                    guard let reason = item.kept else { return }
                    writer.member("reason", reason.word)
                    writer.member("detail", reason.detail)
                    if case .aliased(let aliases) = reason {
                        writer.member("aliases", Array(aliases.prefix(Resolution.shown)))
                    }
                }
            }
            writer.member("continue", next?.text)
        }
    }
}

extension KeepReason {
    public var word: String {
        switch self {
        case .held: "Held"
        case .waitedFor: "WaitedFor"
        case .aliased: "Aliased"
        case .wasAliased: "WasAliased"
        case .protectedName, .protectedLabel: "Protected"
        case .tooYoung: "TooYoung"
        case .amongNewest: "AmongNewest"
        case .ownRetention: "OwnRetention"
        case .finalizers: "Finalizers"
        case .changed: "Changed"
        }
    }

    /// For people.
    public var detail: String {
        switch self {
        case .held(let holder): holder.map { "held by \($0)" } ?? "shared, or contended for"
        case .waitedFor(let count): "\(count) \(count == 1 ? "request waits" : "requests wait") for it"
        case .aliased(let aliases): "aliased by \(aliases.prefix(3).joined(separator: ", "))"
        case .wasAliased(let until): "an alias pointed at it until \(until.text)"
        case .protectedName(let pattern, let byPolicy):
            "protected by name: \(pattern)" + (byPolicy ? ", by a policy" : "")
        case .protectedLabel(let selector): "protected by label: \(selector), by a policy"
        case .tooYoung: "too young"
        case .amongNewest(let count): "among the newest \(count)"
        case .ownRetention(let until): "its own retention ends \(until.text)"
        case .finalizers: "a Kubernetes client's finalizer holds it"
        case .changed: "it has been deleted or replaced meanwhile"
        }
    }
}

extension Marking {
    /// The longest retention that a marker may be given.
    static let retentionMax = Interval.hours(10 * 365 * 24)
}

extension Fields {
    /// How long a marker is kept.
    func retention() throws(Problem) -> Interval? {
        try duration("retention", in: .seconds(1)...Marking.retentionMax)
    }

    func pattern(_ name: String) throws(Problem) -> String? {
        guard let text = try string(name) else { return nil }
        return try checked(name, text)
    }

    func patterns(_ name: String) throws(Problem) -> [String] {
        guard let value = self[name] else { return [] }
        guard case .array(let items) = value else {
            throw wrongKind(name, value, wanted: "an array of names")
        }
        guard items.count <= 100 else {
            throw problem(name, "has \(items.count) names; there may be at most 100.", allowed: "at most 100")
        }
        var patterns: [String] = []
        for item in items {
            guard case .string(let text) = item else {
                throw wrongKind(name, item, wanted: "an array of names")
            }
            patterns.append(try checked(name, text))
        }
        return patterns
    }

    private func checked(_ name: String, _ text: String) throws(Problem) -> String {
        guard Names.isPattern(text) else {
            throw problem(
                name, "is \(quoted(text)); it has to be \(Names.patternRule).", allowed: Names.patternRule)
        }
        return text
    }

    func selector(_ name: String) throws(Problem) -> MarkerSelector? {
        guard let text = try string(name) else { return nil }
        let selector: MarkerSelector
        do throws(MarkerSelector.Malformed) { selector = try MarkerSelector(text) } catch {
            throw problem(
                name, "is \(quoted(text)): \(error.reason).",
                allowed: "a selector such as \"tier=base,!keep\"")
        }
        // A variable that isn't set mustn't choose everything.
        guard !selector.selectsAll else {
            throw problem(
                name, "is \(quoted(text)), which all markers match. Leave it out if all are meant.",
                allowed: "a selector such as \"tier=base,!keep\"")
        }
        return selector
    }
}

extension Names {
    static let patternRule = "1 to 253 of a-z, 0-9, \"-\", \".\" and \"*\", which stands for any characters"

    /// Whether it may match a name.
    static func isPattern(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 == UInt8(ascii: "*") || isNameByte($0) }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// `tier=base,!keep`: which markers, by the labels that Kubernetes clients gave them.
public struct MarkerSelector: Hashable, Sendable, CustomStringConvertible {
    public struct Malformed: Error {
        public let reason: String
    }
    public let description: String
    private let selector: LabelSelector

    public init(_ text: String) throws(Malformed) {
        description = text
        do throws(Status) { selector = try LabelSelector(text) } catch {
            throw Malformed(reason: error.message)
        }
    }

    /// It has no requirement.
    public var selectsAll: Bool { selector.requirements.isEmpty }

    public func matches(_ marker: DoneMarker) -> Bool {
        selector.matches(AttachedMetadata(stored: marker.metadata).labels)
    }
}
