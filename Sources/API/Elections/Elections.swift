import Coordination

/// The face /v1: what a request means to the core, and what the core's reply means to a client.
///
/// Pure. An answer that it makes must not be sent before what the answer reveals is durable; that
/// is for the caller to see to, who knows the revision behind each reply.
public struct Elections: Sendable {
    public var settings: Settings
    /// The store's random number: makes uids, and is new after a restore.
    public var incarnation: UInt64

    /// - Precondition: the settings don't contradict themselves.
    public init(settings: Settings = Settings(), incarnation: UInt64) {
        if let contradiction = settings.contradiction { preconditionFailure(contradiction) }
        self.settings = settings
        self.incarnation = incarnation
    }
}

/// What has to be done for a request, and what permission that needs.
public struct Routed: Sendable {
    /// To be checked before anything is done or said. Nil: open to everybody.
    public var access: Access?
    public var action: Action

    public enum Action: Sendable {
        /// Apply it; the reply goes through `Elections.response(to:shape:)`.
        case command(Command, AnswerShape)
        /// Answer when so many of them have succeeded, with a `MarkersView`.
        case select(MarkerSelection, until: Instant?, AnswerShape)
        /// Look it up; each case names the function that answers it.
        case read(ReadQuery)
        /// Prune; `Elections.pruned` answers it.
        case prune(PruneQuery)
        /// Say this. Nothing is to be done.
        case answer(APIResponse)
    }
}

/// A permission: to do this in that namespace.
public struct Access: Hashable, Sendable {
    public enum Verb: UInt8, Sendable {
        /// To read.
        case view
        /// To campaign, and to do what a holder does.
        case run
        /// To end others' holds and delete markers.
        case administer
    }
    public var verb: Verb
    /// Nil: of the daemon as a whole.
    public var namespace: String?

    public init(_ verb: Verb, namespace: String?) {
        self.verb = verb
        self.namespace = namespace
    }
}

/// How the reply to a command is to be written.
public struct AnswerShape: Hashable, Sendable {
    public enum Form: UInt8, Sendable {
        case standard
        /// A wait for one marker: the marker itself is the answer.
        case oneMarker
        /// A wait for several: lists.
        case manyMarkers
    }
    public var format: AnswerFormat
    public var form: Form
    /// Whether the request may be parked.
    public var waits: Bool

    public init(_ format: AnswerFormat = .plain, form: Form = .standard, waits: Bool = false) {
        self.format = format
        self.form = form
        self.waits = waits
    }
}

/// Something to be looked up, without a command.
public enum ReadQuery: Hashable, Sendable {
    /// → `Elections.lease`
    case lease(Key)
    /// → `Elections.leases`. Names with this prefix; held ones, free ones, or (nil) both.
    case leases(namespace: String, prefix: String, held: Bool?, page: Page)
    /// → `Elections.history`. Newest first, tokens below `before`; of all names if `name` is nil.
    case history(namespace: String, name: String?, before: FencingToken?, limit: Int)
    /// → `Elections.fence`
    case fence(Key, FencingToken)
    /// → `Elections.markers`
    case markers(namespace: String, prefix: String, page: Page)
    /// → `Elections.aliases`
    case aliases(namespace: String, prefix: String, page: Page)
    /// → `Elections.aliasHistory`. Newest first, revisions below `before`.
    case aliasHistory(Key, before: Revision?, limit: Int)
    /// → `Elections.resolution`
    case resolve(namespace: String, String)
    /// → `Elections.namespace`
    case namespace(String)
    /// → `Elections.audit`. Of the namespaces that whoever asks may see.
    case audit(AuditFilter)
    /// → `Elections.overlaps`. Of one name, or of all if it is nil.
    case overlaps(OverlapsQuery)
    /// → `Elections.report`
    case report(ReportQuery)
    /// → `Elections.status`
    case status
    /// → `Elections.ready`, `Elections.probe`
    case ready(verbose: Bool)
    /// → `Elections.live`, `Elections.probe`
    case live(verbose: Bool)
    /// → `Elections.metrics`
    case metrics

    /// A part of a list that is sorted by name.
    public struct Page: Hashable, Sendable {
        public var limit: Int
        /// Begin behind this name; nil: at the first.
        public var after: String?

        public init(limit: Int, after: String? = nil) {
            self.limit = limit
            self.after = after
        }
    }
}
