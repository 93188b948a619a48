import Coordination
import JSON

/// Requests that look something up.
extension Elections {
    func read(_ endpoint: Endpoint, _ envelope: Envelope) throws(Problem) -> ReadQuery {
        // Probes are asked for by machines that say little about what they read.
        let isVerbose = envelope.request.query.contains { $0.name == "verbose" && $0.value != "false" }
        if endpoint == .ready { return .ready(verbose: isVerbose) }
        if endpoint == .live { return .live(verbose: isVerbose) }
        // A scraper accepts whatever it is given, and says so at length.
        if endpoint == .metrics { return .metrics }
        try acceptsJSON(envelope.request)
        let request = envelope.request
        switch endpoint {
        case .audit: return .audit(try auditFilter(envelope))
        case .leases(let namespace):
            let query = try Query(request, allowed: ["prefix", "held", "limit", "continue"])
            return .leases(
                namespace: namespace, prefix: try query.prefix(),
                held: try query.choice("held", [("true", true), ("false", false)]),
                page: try query.page(settings))
        case .markers(let namespace):
            let query = try Query(
                request, allowed: ["prefix", "limit", "continue", "name", "require", "wait"])
            try withoutWait(query)
            return .markers(namespace: namespace, prefix: try query.prefix(), page: try query.page(settings))
        case .aliases(let namespace):
            let query = try Query(request, allowed: ["prefix", "limit", "continue"])
            return .aliases(namespace: namespace, prefix: try query.prefix(), page: try query.page(settings))
        case .aliasHistory(let key):
            let query = try Query(request, allowed: ["limit", "before"])
            return .aliasHistory(
                key, before: try query.number("before", in: revisionRange), limit: try query.limit(settings))
        case .resolve(let namespace, let text):
            _ = try Query(request, allowed: [])
            return .resolve(namespace: namespace, text)
        case .history(let namespace): return try history(request, namespace, nil)
        case .leaseHistory(let key): return try history(request, key.namespace, key.name)
        case .overlaps(let namespace): return .overlaps(try overlapsQuery(envelope, namespace, nil))
        case .leaseOverlaps(let key):
            return .overlaps(try overlapsQuery(envelope, key.namespace, key.name))
        case .report(let namespace): return .report(try reportQuery(envelope, namespace))
        case .fence(let key):
            let query = try Query(request, allowed: ["token"])
            return .fence(key, try query.required("token", in: revisionRange))
        case .namespace(let namespace):
            _ = try Query(request, allowed: [])
            return .namespace(namespace)
        case .lease(let key):
            _ = try Query(request, allowed: [])
            return .lease(key)
        default:
            _ = try Query(request, allowed: [])
            return .status
        }
    }

    private func history(
        _ request: APIRequest, _ namespace: String, _ name: String?
    ) throws(Problem) -> ReadQuery {
        let query = try Query(request, allowed: ["limit", "before"])
        return .history(
            namespace: namespace, name: name, before: try query.number("before", in: revisionRange),
            limit: try query.limit(settings))
    }

    /// A list of markers does not wait: a `wait` without a `name` is a mistake.
    private func withoutWait(_ query: Query) throws(Problem) {
        for name in ["require", "wait"] where query[name] != nil {
            throw .field(
                name,
                "\(name) is for waiting, and that needs what to wait for: ?name=a&name=b, or ?selector=a%3Db.",
                allowed: "given together with name or selector")
        }
    }

    private func acceptsJSON(_ request: APIRequest) throws(Problem) {
        guard MediaTypes.format(accept: request.accept, streams: false) == nil else { return }
        throw Problem(
            .notAcceptable,
            "Accept is \(quoted(request.accept ?? "")); here answers are \(MediaTypes.json)."
        ).with { $0.member("allowed", [MediaTypes.json]) }
    }
}
