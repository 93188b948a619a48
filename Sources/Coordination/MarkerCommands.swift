/// A marker for work that needed no election.
public struct Marking: Sendable {
    public var request: RequestID
    public var key: Key
    public var finding: Finding
    public var inputsDigest: String?
    public var holder: String
    public var principal: String?
    public var info: [String: String]
    public var metadata: [UInt8]
    /// How long the marker is kept; nil: for good, or `failedRetention` if it is a Failed one.
    public var retention: Interval?
    /// Refused if there is a marker, be it the same: `markerExists`. Otherwise the same is a success.
    public var mustBeNew: Bool
    /// Says what would be, and changes nothing.
    public var isDryRun: Bool
    /// For the audit record.
    public var origin: Origin?

    public init(
        request: RequestID, key: Key, finding: Finding, inputsDigest: String?, holder: String,
        principal: String?, info: [String: String], metadata: [UInt8] = [], retention: Interval? = nil,
        mustBeNew: Bool = false, isDryRun: Bool = false
    ) {
        self.request = request
        self.key = key
        self.finding = finding
        self.inputsDigest = inputsDigest
        self.holder = holder
        self.principal = principal
        self.info = info
        self.metadata = metadata
        self.retention = retention
        self.mustBeNew = mustBeNew
        self.isDryRun = isDryRun
    }
}

/// A Kubernetes client writes a marker's metadata; what the marker says never changes.
public struct MarkerDescription: Sendable {
    public var request: RequestID
    public var key: Key
    /// The version that the client has read.
    public var version: Revision
    public var metadata: [UInt8]
    public var isDryRun: Bool

    public init(
        request: RequestID, key: Key, version: Revision, metadata: [UInt8], isDryRun: Bool = false
    ) {
        self.request = request
        self.key = key
        self.version = version
        self.metadata = metadata
        self.isDryRun = isDryRun
    }
}

/// Delete the marker, if it is the one that was meant.
public struct Unmarking: Sendable {
    public var request: RequestID
    public var key: Key
    /// Only if it was made at this revision; nil: whenever. Requests of /v1 always say it.
    public var revision: Revision?
    /// Only if it has this version; nil: whatever it has.
    public var version: Revision?
    public var isDryRun: Bool
    /// For the audit record.
    public var origin: Origin?

    public init(
        request: RequestID, key: Key, revision: Revision? = nil, version: Revision? = nil,
        isDryRun: Bool = false
    ) {
        self.request = request
        self.key = key
        self.revision = revision
        self.version = version
        self.isDryRun = isDryRun
    }
}
