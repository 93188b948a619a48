/// How a piece of work ended.
public enum Outcome: UInt8, Sendable {
    case succeeded = 0
    case failed = 1
}

/// A product of the work, by what it weighs and hashes to.
public struct Artifact: Hashable, Sendable {
    public var name: String
    /// `sha256:` and 64 hexadecimal digits.
    public var digest: String
    /// Bytes.
    public var size: Int64?

    public init(name: String, digest: String, size: Int64?) {
        self.name = name
        self.digest = digest
        self.size = size
    }
}

/// What the holder says of the work's end: the part of a marker that must be
/// the same for a repeated `complete` to be the same.
public struct Finding: Hashable, Sendable {
    public var outcome: Outcome
    public var reason: String?
    public var result: [String: String]
    public var artifacts: [Artifact]

    public init(
        outcome: Outcome = .succeeded, reason: String? = nil, result: [String: String] = [:],
        artifacts: [Artifact] = []
    ) {
        self.outcome = outcome
        self.reason = reason
        self.result = result
        self.artifacts = artifacts
    }
}

/// The immutable record that a piece of work ended.
///
/// It says that the work ended, not that its product still exists. What Kubernetes clients attach to it may
/// change; that is no part of what it says.
public struct DoneMarker: Hashable, Sendable {
    public var key: Key
    /// The revision at which it was made. With the store's incarnation it makes the uid.
    public var revision: Revision
    public var finding: Finding
    /// `sha256:…` over the inputs of the work.
    public var inputsDigest: String?
    /// The holder that completed it, or whoever marked it without an election.
    public var holder: String
    public var principal: String?
    /// The completing hold's token; nil if there was no election.
    public var token: FencingToken?
    public var attempt: Int
    public var info: [String: String]
    public var start: Timestamp
    public var end: Timestamp
    /// How long it is kept; nil for good. Failed markers have `failedRetention`.
    public var retention: Interval?
    /// The revision of the latest change that a Kubernetes client can see: its resourceVersion. Only
    /// metadata change; until then it is `revision`.
    public var version: Revision
    /// As a lease's: what Kubernetes clients attach, opaque to the core.
    public var metadata: [UInt8] = []

    public init(
        key: Key, revision: Revision, finding: Finding, inputsDigest: String?, holder: String,
        principal: String?, token: FencingToken?, attempt: Int, info: [String: String], start: Timestamp,
        end: Timestamp, retention: Interval?, version: Revision? = nil
    ) {
        self.key = key
        self.revision = revision
        self.finding = finding
        self.inputsDigest = inputsDigest
        self.holder = holder
        self.principal = principal
        self.token = token
        self.attempt = attempt
        self.info = info
        self.start = start
        self.end = end
        self.retention = retention
        self.version = version ?? revision
    }
}
