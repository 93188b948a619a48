import Coordination

/// A path of /v1 and what it names. This is the one table of paths.
enum Endpoint: Hashable {
    case status, audit, ready, live, metrics
    case namespace(String)
    case leases(namespace: String)
    case history(namespace: String)
    case markers(namespace: String)
    case prune(namespace: String)
    case lease(Key)
    case campaign(Key)
    case renew(Key)
    case complete(Key)
    case resign(Key)
    case revoke(Key)
    case phase(Key)
    case clearAbandoned(Key)
    case leaseHistory(Key)
    case fence(Key)
    case overlaps(namespace: String)
    case leaseOverlaps(Key)
    case report(namespace: String)
    case leaseWait(Key)
    case marker(Key)
    case aliases(namespace: String)
    case alias(Key)
    case aliasHistory(Key)
    case aliasRollback(Key)
    /// The text may be the beginning of a name only.
    case resolve(namespace: String, String)

    init(path: [String]) throws(Problem) {
        switch (path.count, path.first) {
        case (1, "readyz"): self = .ready
        case (1, "livez"): self = .live
        case (1, "metrics"): self = .metrics
        case (2, "v1") where path[1] == "status": self = .status
        case (2, "v1") where path[1] == "audit": self = .audit
        case (3...6, "v1") where path[1] == "namespaces": self = try Self.inNamespace(path)
        default: throw Self.unknown
        }
    }

    private static func inNamespace(_ path: [String]) throws(Problem) -> Endpoint {
        guard path.count > 3 else {
            guard Names.isLabel(path[2]) else { throw bad("namespace", path[2], Names.namespaceRule) }
            return .namespace(path[2])
        }
        let name = path.count > 4 ? path[4] : ""
        let key = Key(namespace: path[2], name: name)
        let endpoint: Endpoint? =
            switch (path.count, path[3]) {
            case (4, "leases"): .leases(namespace: path[2])
            case (4, "history"): .history(namespace: path[2])
            case (4, "overlaps"): .overlaps(namespace: path[2])
            case (4, "report"): .report(namespace: path[2])
            case (4, "markers"): .markers(namespace: path[2])
            case (4, "prune"): .prune(namespace: path[2])
            case (5, "leases"): .lease(key)
            case (5, "markers"): .marker(key)
            case (4, "aliases"): .aliases(namespace: path[2])
            case (5, "aliases"): .alias(key)
            case (6, "aliases") where path[5] == "history": .aliasHistory(key)
            case (6, "aliases") where path[5] == "rollback": .aliasRollback(key)
            case (5, "resolve"): .resolve(namespace: path[2], name)
            case (6, "leases"): ofLease(path[5], key)
            default: nil
            }
        guard let endpoint else { throw unknown }
        guard Names.isLabel(path[2]) else { throw bad("namespace", path[2], Names.namespaceRule) }
        if case .resolve = endpoint, !name.isEmpty, Names.isPrefix(name) { return endpoint }
        guard path.count == 4 || Names.isSubdomain(name) else { throw bad("name", name, Names.nameRule) }
        return endpoint
    }

    private static func ofLease(_ verb: String, _ key: Key) -> Endpoint? {
        switch verb {
        case "campaign": .campaign(key)
        case "renew": .renew(key)
        case "complete": .complete(key)
        case "resign": .resign(key)
        case "revoke": .revoke(key)
        case "phase": .phase(key)
        case "clear-abandoned": .clearAbandoned(key)
        case "history": .leaseHistory(key)
        case "fence": .fence(key)
        case "overlaps": .leaseOverlaps(key)
        case "wait": .leaseWait(key)
        default: nil
        }
    }

    private static func bad(_ field: String, _ value: String, _ rule: String) -> Problem {
        .field(
            field, "The path's \(field) \(quoted(value)) is not valid. It has to be \(rule).", allowed: rule)
    }

    private static var unknown: Problem {
        Problem(
            .notFound,
            "Nothing is at this path. Paths begin with /v1/namespaces/{namespace}/, then leases, "
                + "markers, aliases, resolve, prune, history, overlaps or report.")
    }

    /// In the order in which `Allow` lists them.
    var methods: [String] {
        switch self {
        case .campaign, .renew, .complete, .resign, .revoke, .phase, .clearAbandoned, .aliasRollback, .prune:
            ["POST", "OPTIONS"]
        case .marker, .alias: ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]
        default: ["GET", "HEAD", "OPTIONS"]
        }
    }

    /// What it takes to do this here; nil: nothing.
    func access(_ method: String) -> Access? {
        switch self {
        case .ready, .live: nil
        case .status, .metrics: Access(.view, namespace: nil)
        case .audit: Access(.administer, namespace: nil)
        case .namespace(let namespace), .leases(let namespace), .history(let namespace),
            .markers(let namespace), .overlaps(let namespace), .report(let namespace),
            .aliases(let namespace), .resolve(let namespace, _):
            Access(.view, namespace: namespace)
        case .lease(let key), .leaseHistory(let key), .fence(let key), .leaseOverlaps(let key),
            .leaseWait(let key), .aliasHistory(let key):
            Access(.view, namespace: key.namespace)
        case .campaign(let key), .renew(let key), .complete(let key), .resign(let key), .phase(let key),
            .aliasRollback(let key):
            Access(.run, namespace: key.namespace)
        case .revoke(let key), .clearAbandoned(let key): Access(.administer, namespace: key.namespace)
        case .prune(let namespace): Access(.administer, namespace: namespace)
        case .marker(let key), .alias(let key): Access(Self.verb(onMarker: method), namespace: key.namespace)
        }
    }

    private static func verb(onMarker method: String) -> Access.Verb {
        switch method {
        case "PUT": .run
        case "DELETE": .administer
        default: .view
        }
    }
}

/// What a client sent, in quotes, for an error that shows it: cut short, with nothing in it that
/// a terminal or a log would act upon.
func quoted(_ text: String) -> String {
    let limit = 80
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
            shown += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
            shown.unicodeScalars.append(scalar)
        }
    }
    return "\"\(shown)\"" + (text.unicodeScalars.count > limit ? "…" : "")
}
