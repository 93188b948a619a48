import Coordination
import JSON

extension Elections {
    /// The permission that a request needs, told from its method and path alone, so that it can be
    /// checked before anything else is looked at. Nil: open to everybody. What names nothing needs the
    /// least: strangers aren't told what there is and what not.
    public func access(to request: APIRequest) -> Access? {
        guard let endpoint = try? Endpoint(path: request.path) else { return Self.access(request, nil) }
        return Self.access(request, endpoint)
    }

    private static func access(_ request: APIRequest, _ endpoint: Endpoint?) -> Access? {
        guard request.method != "OPTIONS" else { return nil }
        guard let endpoint else { return Access(.view, namespace: nil) }
        return endpoint.access(request.method)
    }

    /// What a request asks for. Every wrong one becomes an answer that says what was wrong with it.
    ///
    /// - Parameters:
    ///   - id: the name under which the core will answer; never used twice.
    ///   - principal: the identity that authenticated, where there was one.
    public func route(
        _ request: APIRequest, as id: RequestID, at now: Now, principal: String? = nil
    ) -> Routed {
        // RFC 9110 §9.1: 501 is for a method that no resource here knows; 405 for one that some do.
        guard Self.methods.contains(request.method) || ["PATCH", "TRACE"].contains(request.method) else {
            return refused(Problem(.notImplemented, "\(quoted(request.method)) is not implemented."), nil)
        }
        // §9.3.7: "*" asks about the server as a whole, and so does a path that is empty.
        if request.method == "OPTIONS", request.path.isEmpty { return options(Self.methods) }
        let endpoint: Endpoint
        do { endpoint = try Endpoint(path: request.path) } catch {
            return refused(error, Self.access(request, nil))
        }
        let access = Self.access(request, endpoint)
        guard endpoint.methods.contains(request.method) else {
            return refused(Self.methodNotAllowed(request.method, endpoint), access)
        }
        if request.method == "OPTIONS" { return options(endpoint.methods) }
        let envelope = Envelope(request: request, id: id, now: now, principal: principal)
        do {
            return Routed(access: access, action: try action(endpoint, envelope))
        } catch {
            return refused(error, access)
        }
    }

    private static let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]

    private func options(_ methods: [String]) -> Routed {
        let allow = APIResponse.Header("Allow", methods.joined(separator: ", "))
        return Routed(access: nil, action: .answer(APIResponse(status: 204, headers: [allow])))
    }

    private func refused(_ problem: Problem, _ access: Access?) -> Routed {
        Routed(access: access, action: .answer(problem.response))
    }

    private static func methodNotAllowed(_ method: String, _ endpoint: Endpoint) -> Problem {
        let allowed = endpoint.methods.joined(separator: ", ")
        return Problem(.methodNotAllowed, "\(quoted(method)) is not possible here. Allowed: \(allowed).")
            .with { $0.member("allowed", endpoint.methods) }
            .with(APIResponse.Header("Allow", allowed))
    }

    private func action(_ endpoint: Endpoint, _ envelope: Envelope) throws(Problem) -> Routed.Action {
        switch endpoint {
        case .campaign(let key): return try campaign(envelope, key)
        case .renew(let key): return try plain(envelope, key, renewal)
        case .complete(let key): return try plain(envelope, key, completion)
        case .resign(let key): return try plain(envelope, key, resignation)
        case .revoke(let key): return try plain(envelope, key, revocation)
        case .phase(let key): return try plain(envelope, key, phase)
        case .clearAbandoned(let key): return try plain(envelope, key, clearing)
        case .leaseWait(let key): return try waitForCondition(envelope, key)
        case .marker(let key) where envelope.request.method == "PUT":
            return try plain(envelope, key, marking)
        case .marker(let key) where envelope.request.method == "DELETE": return try unmark(envelope, key)
        case .marker(let key): return try waitForOne(envelope, key)
        case .alias(let key): return try alias(envelope, key)
        case .prune(let namespace): return .prune(try pruning(envelope, namespace))
        case .aliasRollback(let key): return try plain(envelope, key, rollback)
        case .markers(let namespace) where envelope.request.query.contains { $0.name == "name" }:
            return try waitForMany(envelope, namespace)
        case .markers(let namespace)
        where envelope.request.query.contains { $0.name == "selector" || $0.name == "count" }:
            return try waitForSelected(envelope, namespace)
        default: return .read(try read(endpoint, envelope))
        }
    }

    /// A command without parameters and without a stream.
    func plain(
        _ envelope: Envelope, _ key: Key, _ decode: (Envelope, Key) throws(Problem) -> Command
    ) throws(Problem) -> Routed.Action {
        _ = try format(envelope, streams: false)
        _ = try Query(envelope.request, allowed: [])
        return .command(try decode(envelope, key), AnswerShape())
    }

    private func campaign(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        let format = try format(envelope, streams: true)
        let query = try Query(envelope.request, allowed: ["wait"])
        let until = try waitUntil(query, format, envelope.now)
        let campaign = try campaign(envelope, key, waitUntil: until)
        return .command(.campaign(campaign), AnswerShape(format, waits: until != nil))
    }

    private func unmark(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        let query = try Query(envelope.request, allowed: ["revision"])
        _ = try format(envelope, streams: false)
        let revision = try query.required("revision", in: revisionRange)
        return .command(
            .unmark(Unmarking(request: envelope.id, key: key, revision: revision)), AnswerShape())
    }

    private func waitForOne(_ envelope: Envelope, _ key: Key) throws(Problem) -> Routed.Action {
        let format = try format(envelope, streams: true)
        let query = try Query(envelope.request, allowed: ["wait"])
        let until = try waitUntil(query, format, envelope.now)
        let wait = MarkerWait(request: envelope.id, keys: [key], waitUntil: until)
        return .command(.wait(wait), AnswerShape(format, form: .oneMarker, waits: until != nil))
    }

    private func waitForMany(_ envelope: Envelope, _ namespace: String) throws(Problem) -> Routed.Action {
        let format = try format(envelope, streams: true)
        let query = try Query(envelope.request, allowed: ["name", "require", "wait"], repeated: "name")
        let keys = try keys(query.all("name"), namespace)
        let require = try query.choice("require", [("all", MarkerWait.Require.all), ("any", .any)]) ?? .all
        let until = try waitUntil(query, format, envelope.now)
        let wait = MarkerWait(request: envelope.id, keys: keys, require: require, waitUntil: until)
        return .command(.wait(wait), AnswerShape(format, form: .manyMarkers, waits: until != nil))
    }

    private func keys(_ names: [String], _ namespace: String) throws(Problem) -> [Key] {
        guard names.count <= settings.namesMax else {
            let rule = "at most \(settings.namesMax) names"
            throw .field("name", "The query has \(names.count) names; there may be \(rule).", allowed: rule)
        }
        var seen: Set<String> = []
        for name in names {
            guard Names.isSubdomain(name) else {
                throw .field(
                    "name", "The name \(quoted(name)) is not valid. It has to be \(Names.nameRule).",
                    allowed: Names.nameRule)
            }
            guard seen.insert(name).inserted else {
                throw .field(
                    "name", "The query has the name \(quoted(name)) twice.", allowed: "each name once")
            }
        }
        return names.map { Key(namespace: namespace, name: $0) }
    }

    /// HEAD is answered as GET is, but never as a stream: nobody would see it.
    func format(_ envelope: Envelope, streams: Bool) throws(Problem) -> AnswerFormat {
        let streams = streams && envelope.request.method != "HEAD"
        if let format = MediaTypes.format(accept: envelope.request.accept, streams: streams) { return format }
        let offered = streams ? [MediaTypes.json, MediaTypes.ndjson] : [MediaTypes.json]
        throw Problem(
            .notAcceptable,
            "Accept is \(quoted(envelope.request.accept ?? "")); here answers are "
                + "\(offered.joined(separator: " or "))."
        ).with { $0.member("allowed", offered) }
    }

    /// Capped, not refused, above the limit: who asks for an hour asks again after 25 s.
    func waitUntil(
        _ query: Query, _ format: AnswerFormat, _ now: Now
    ) throws(Problem) -> Instant? {
        let asked = try query.duration("wait")
        let wait =
            switch format {
            case .plain: min(asked ?? .zero, settings.longPollMax)
            case .ndjson: min(asked ?? settings.defaultStreamWait, settings.streamMax)
            }
        return wait > .zero ? now.instant + wait : nil
    }
}
