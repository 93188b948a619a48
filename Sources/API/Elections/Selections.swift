import Coordination

/// So many markers of a namespace that have certain labels.
///
/// Labels are what clients attach; the core doesn't look into that. So whoever waits for markers by them is told by
/// the daemon, which reads what is there and follows what becomes durable.
public struct MarkerSelection: Sendable {
    public var namespace: String
    /// How many have to have succeeded.
    public var count: Int
    var selector: LabelSelector

    public func wants(_ labels: MarkerLabels) -> Bool { selector.matches(labels.labels) }

    /// An answer shows so many of them.
    public static let mostShown = 100
}

/// What clients attached to a marker, read once for all who select by it.
public struct MarkerLabels {
    let labels: [String: String]

    public init(of marker: DoneMarker) { labels = AttachedMetadata(stored: marker.metadata).labels }
}

extension Elections {
    func waitForSelected(_ envelope: Envelope, _ namespace: String) throws(Problem) -> Routed.Action {
        let format = try format(envelope, streams: true)
        let query = try Query(envelope.request, allowed: ["selector", "count", "wait"])
        let text = query["selector"] ?? ""
        let rule = "labels such as app=web or tier in (a,b)"
        guard !text.isEmpty else {
            throw .field("selector", "The query parameter selector is required: \(rule).", allowed: rule)
        }
        let selector: LabelSelector
        do { selector = try LabelSelector(text) } catch {
            throw .field(
                "selector",
                "\(quoted(text)) is not a label selector: \(error.message). It has to be \(rule).",
                allowed: rule)
        }
        let count = try query.number("count", in: 1...1_000) ?? 1
        let until = try waitUntil(query, format, envelope.now)
        guard !selector.requirements.isEmpty else {
            throw .field(
                "selector", "\(quoted(text)) says no label. It has to be \(rule).", allowed: rule)
        }
        let selection = MarkerSelection(namespace: namespace, count: Int(count), selector: selector)
        return .select(selection, until: until, AnswerShape(format, form: .manyMarkers, waits: until != nil))
    }

    /// Where a wait for markers stands.
    public func waitingLine(for view: MarkersView) -> [UInt8] {
        line("waiting") { write(.markers(view), AnswerShape(.ndjson, form: .manyMarkers), to: &$0) }
    }
}
