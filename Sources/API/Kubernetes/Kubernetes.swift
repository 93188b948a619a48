import Coordination

/// The face under /api and /apis: Baton's leases, done markers and namespaces, as a Kubernetes API server
/// would show them, so that `kubectl` and client-go read them unmodified.
///
/// Pure, as `Elections` is: a request in; an answer, or a question to the store, out. What a real API server
/// answers is the reference, word for word; where this face differs on purpose, docs/kubernetes.md says why.
///
/// What is listed in discovery is what is served.
public final class Kubernetes: Sendable {
    /// The store's random number: makes uids, and is new after a restore.
    public let incarnation: UInt64
    /// What doesn't change while the daemon runs: discovery and schemas.
    let documents: Documents
    /// Limits of what a done marker says: those of /v1.
    let settings: Elections.Settings

    /// - Parameter version: Baton's own.
    public init(incarnation: UInt64, version: String, settings: Elections.Settings = Elections.Settings()) {
        self.incarnation = incarnation
        self.settings = settings
        documents = Documents(version: version)
    }

    private init(_ face: Kubernetes, _ settings: Elections.Settings) {
        incarnation = face.incarnation
        self.settings = settings
        documents = face.documents
    }

    /// The same with other limits, for requests from now on.
    public func with(_ settings: Elections.Settings) -> Kubernetes { Kubernetes(self, settings) }

    /// Whether a path is this face's; all others are of `Elections`.
    public static func serves(_ path: [String]) -> Bool {
        switch path.first {
        case "api", "apis", "openapi", "version": true
        default: false
        }
    }

    /// Reads a request as far as its path and its headers tell what it is about.
    public func read(_ request: APIRequest) -> KubernetesRequest {
        KubernetesRequest(request, face: self)
    }
}

extension Access {
    /// A right in each and every namespace. `*` is no namespace's name, so that of the patterns a
    /// principal may have only those match it which match everything.
    static let everyNamespace = "*"
}
