/// A path with its names left out: what requests are counted by. There is a fixed number of them,
/// whatever clients ask for.
public enum RouteTemplate: Int, Sendable, CaseIterable {
    case status, audit, ready, live, metrics, namespace, leases, history, markers
    case lease, campaign, renew, complete, resign, revoke, leaseHistory, fence, marker
    /// Nothing is there.
    case unknown
    /// Refused by the wire, before there was a path.
    case unread

    public init(path: [String]) {
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
        case .markers: "/v1/namespaces/{namespace}/markers"
        case .lease: "/v1/namespaces/{namespace}/leases/{name}"
        case .campaign: "/v1/namespaces/{namespace}/leases/{name}/campaign"
        case .renew: "/v1/namespaces/{namespace}/leases/{name}/renew"
        case .complete: "/v1/namespaces/{namespace}/leases/{name}/complete"
        case .resign: "/v1/namespaces/{namespace}/leases/{name}/resign"
        case .revoke: "/v1/namespaces/{namespace}/leases/{name}/revoke"
        case .leaseHistory: "/v1/namespaces/{namespace}/leases/{name}/history"
        case .fence: "/v1/namespaces/{namespace}/leases/{name}/fence"
        case .marker: "/v1/namespaces/{namespace}/markers/{name}"
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
        case .lease: .lease
        case .campaign: .campaign
        case .renew: .renew
        case .complete: .complete
        case .resign: .resign
        case .revoke: .revoke
        case .leaseHistory: .leaseHistory
        case .fence: .fence
        case .marker: .marker
        }
    }
}
