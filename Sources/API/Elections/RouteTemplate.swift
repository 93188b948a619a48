/// A path with its names left out: what requests are counted by. There is a fixed number of them,
/// whatever clients ask for.
public enum RouteTemplate: Int, Sendable, CaseIterable {
    case status, audit, ready, live, metrics, namespace, leases, history, overlaps, report, markers, prune
    case aliases, alias, aliasHistory, aliasRollback, resolve
    case lease, campaign, renew, complete, resign, revoke, phase, clearAbandoned, leaseHistory, fence
    case leaseOverlaps, leaseWait, marker
    // Of the Kubernetes face; one template for each of its documents would tell nobody anything.
    case discovery, openAPI, kubernetesVersion, selfReviews
    case namespaceObjects, namespaceObject
    case leaseObjects, leaseObjectsEverywhere, leaseObject
    case doneMarkers, doneMarkersEverywhere, doneMarker
    /// Nothing is there.
    case unknown
    /// Refused by the wire, before there was a path.
    case unread

    public init(path: [String]) {
        if Kubernetes.serves(path) {
            self = Place(path: path).template
            return
        }
        do { self = try Endpoint(path: path).template } catch { self = .unknown }
    }

    public var text: String {
        switch self {
        case .status: "/v1/status"
        case .audit: "/v1/audit"
        case .ready: "/readyz"
        case .live: "/livez"
        case .metrics: "/metrics"
        case .namespace: "/v1/namespaces/{namespace}"
        case .leases: "/v1/namespaces/{namespace}/leases"
        case .history: "/v1/namespaces/{namespace}/history"
        case .overlaps: "/v1/namespaces/{namespace}/overlaps"
        case .report: "/v1/namespaces/{namespace}/report"
        case .markers: "/v1/namespaces/{namespace}/markers"
        case .prune: "/v1/namespaces/{namespace}/prune"
        case .lease: "/v1/namespaces/{namespace}/leases/{name}"
        case .campaign: "/v1/namespaces/{namespace}/leases/{name}/campaign"
        case .renew: "/v1/namespaces/{namespace}/leases/{name}/renew"
        case .complete: "/v1/namespaces/{namespace}/leases/{name}/complete"
        case .resign: "/v1/namespaces/{namespace}/leases/{name}/resign"
        case .revoke: "/v1/namespaces/{namespace}/leases/{name}/revoke"
        case .phase: "/v1/namespaces/{namespace}/leases/{name}/phase"
        case .clearAbandoned: "/v1/namespaces/{namespace}/leases/{name}/clear-abandoned"
        case .leaseHistory: "/v1/namespaces/{namespace}/leases/{name}/history"
        case .fence: "/v1/namespaces/{namespace}/leases/{name}/fence"
        case .leaseOverlaps: "/v1/namespaces/{namespace}/leases/{name}/overlaps"
        case .leaseWait: "/v1/namespaces/{namespace}/leases/{name}/wait"
        case .marker: "/v1/namespaces/{namespace}/markers/{name}"
        case .aliases: "/v1/namespaces/{namespace}/aliases"
        case .alias: "/v1/namespaces/{namespace}/aliases/{name}"
        case .aliasHistory: "/v1/namespaces/{namespace}/aliases/{name}/history"
        case .aliasRollback: "/v1/namespaces/{namespace}/aliases/{name}/rollback"
        case .resolve: "/v1/namespaces/{namespace}/resolve/{name}"
        case .discovery: "/apis"
        case .openAPI: "/openapi"
        case .kubernetesVersion: "/version"
        case .selfReviews: "/apis/{group}/v1/{review}"
        case .namespaceObjects: "/api/v1/namespaces"
        case .namespaceObject: "/api/v1/namespaces/{name}"
        case .leaseObjects: "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        case .leaseObjectsEverywhere: "/apis/coordination.k8s.io/v1/leases"
        case .leaseObject: "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"
        case .doneMarkers: "/apis/coordination.baton.dev/v1/namespaces/{namespace}/donemarkers"
        case .doneMarkersEverywhere: "/apis/coordination.baton.dev/v1/donemarkers"
        case .doneMarker: "/apis/coordination.baton.dev/v1/namespaces/{namespace}/donemarkers/{name}"
        case .unknown: "unknown"
        case .unread: "unread"
        }
    }
}

extension Endpoint {
    var template: RouteTemplate {
        switch self {
        case .status: .status
        case .audit: .audit
        case .ready: .ready
        case .live: .live
        case .metrics: .metrics
        case .namespace: .namespace
        case .leases: .leases
        case .history: .history
        case .markers: .markers
        case .prune: .prune
        case .lease: .lease
        case .campaign: .campaign
        case .renew: .renew
        case .complete: .complete
        case .resign: .resign
        case .revoke: .revoke
        case .phase: .phase
        case .clearAbandoned: .clearAbandoned
        case .leaseHistory: .leaseHistory
        case .fence: .fence
        case .overlaps: .overlaps
        case .leaseOverlaps: .leaseOverlaps
        case .report: .report
        case .leaseWait: .leaseWait
        case .marker: .marker
        case .aliases: .aliases
        case .alias: .alias
        case .aliasHistory: .aliasHistory
        case .aliasRollback: .aliasRollback
        case .resolve: .resolve
        }
    }
}

extension Place {
    var template: RouteTemplate {
        switch self {
        case .coreVersions, .groups, .group, .resources: .discovery
        case .openAPIv2, .openAPIv3, .openAPIv3Document: .openAPI
        case .version: .kubernetesVersion
        case .review: .selfReviews
        case .watch(let resource, let namespace, let name):
            (name.map { Place.object(resource, namespace: namespace, name: $0) }
                ?? .collection(resource, namespace: namespace)).template
        case .collection(.leases, let namespace):
            namespace == nil ? .leaseObjectsEverywhere : .leaseObjects
        case .object(.leases, _, _): .leaseObject
        case .collection(.doneMarkers, let namespace):
            namespace == nil ? .doneMarkersEverywhere : .doneMarkers
        case .object(.doneMarkers, _, _): .doneMarker
        case .collection: .namespaceObjects
        case .object: .namespaceObject
        case .unknownResource, .nowhere: .unknown
        }
    }
}
