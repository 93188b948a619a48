/// A version of a group: what stands between /apis/ and the resource. The core's group has no name.
struct GroupVersion: Hashable, Sendable {
    let group: String
    let version: String
    /// `coordination.k8s.io/v1`, or `v1` for the core.
    let text: String

    init(group: String, version: String) {
        self.group = group
        self.version = version
        text = group.isEmpty ? version : "\(group)/\(version)"
    }

    /// Where it is served: `apis/coordination.k8s.io/v1`, or `api/v1`.
    var path: String { group.isEmpty ? "api/\(version)" : "apis/\(group)/\(version)" }

    static let core = GroupVersion(group: "", version: "v1")
    static let coordination = GroupVersion(group: "coordination.k8s.io", version: "v1")
    static let baton = GroupVersion(group: "coordination.baton.dev", version: "v1")
    static let authorization = GroupVersion(group: "authorization.k8s.io", version: "v1")
    static let authentication = GroupVersion(group: "authentication.k8s.io", version: "v1")

    /// In the order of discovery; the core goes by /api and is not among them.
    static let named = [coordination, baton, authorization, authentication]
}

/// What is served: the one table of resources.
public enum Resource: String, Hashable, Sendable, CaseIterable {
    case namespaces, leases
    case doneMarkers = "donemarkers"
    case selfSubjectAccessReviews = "selfsubjectaccessreviews"
    case selfSubjectRulesReviews = "selfsubjectrulesreviews"
    case selfSubjectReviews = "selfsubjectreviews"

    var groupVersion: GroupVersion {
        switch self {
        case .namespaces: .core
        case .leases: .coordination
        case .doneMarkers: .baton
        case .selfSubjectAccessReviews, .selfSubjectRulesReviews: .authorization
        case .selfSubjectReviews: .authentication
        }
    }

    /// As it stands in paths.
    var plural: String { rawValue }

    var singular: String { kind.lowercased() }

    var kind: String {
        switch self {
        case .namespaces: "Namespace"
        case .leases: "Lease"
        case .doneMarkers: "DoneMarker"
        case .selfSubjectAccessReviews: "SelfSubjectAccessReview"
        case .selfSubjectRulesReviews: "SelfSubjectRulesReview"
        case .selfSubjectReviews: "SelfSubjectReview"
        }
    }

    /// `leases.coordination.k8s.io`: as messages call it.
    var qualified: String {
        groupVersion.group.isEmpty ? plural : "\(plural).\(groupVersion.group)"
    }

    var isNamespaced: Bool { self == .leases || self == .doneMarkers }

    /// Asked by POST, answered, and not kept.
    var isReview: Bool {
        switch self {
        case .namespaces, .leases, .doneMarkers: false
        case .selfSubjectAccessReviews, .selfSubjectRulesReviews, .selfSubjectReviews: true
        }
    }

    /// Discovery and OpenAPI list them.
    var verbs: [String] {
        let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        switch self {
        case .leases, .doneMarkers: return all
        // As in the reference: one at a time.
        case .namespaces: return all.filter { $0 != "deletecollection" }
        case .selfSubjectAccessReviews, .selfSubjectRulesReviews, .selfSubjectReviews: return ["create"]
        }
    }

    var shortNames: [String] {
        switch self {
        case .namespaces: ["ns"]
        case .doneMarkers: ["dm"]
        default: []
        }
    }

    /// `kubectl get baton` shows them.
    var categories: [String] { self == .doneMarkers ? ["baton"] : [] }

    static func of(_ groupVersion: GroupVersion) -> [Resource] {
        allCases.filter { $0.groupVersion == groupVersion }
    }
}
