import API
import Coordination
import Identity
import Logging
import Sockets
import Store
import Wire

/// Between the socket loop and the turns: takes requests in, lets answers out.
///
/// A request's number on the loop is its RequestID in the core. One that waits is either
/// parked (a long poll: silence, then one answer) or a stream (lines as its place changes,
/// a sign of life now and then, the outcome last).
final class Door: RequestHandler, TurnOutlet {
    let server: ServerReference
    let turns: Turns
    private(set) var elections: Elections
    private(set) var kubernetes: Kubernetes
    let hub: WatchHub
    private(set) var facts: ServerFacts
    private let gate: Gate
    private var lobby = Lobby()
    private let retention: Retention
    private let desk: AuditDesk
    let log: Logger
    private var requestLog: RequestLog
    private var ids: RequestIDs
    private var open: [RequestID: OpenRequest] = [:]
    private var streams: Streams
    /// Searches of the history, in their order; the first is under way.
    var searches: [(search: EvidenceSearch, visit: Visit)] = []
    let selections: Selections
    /// No command is taken any more: nobody could say what became of it.
    var isClosed = false
    /// Nil: everybody may ask as often as they like.
    var limiter: RateLimiter?
    /// Whether those without an identity are limited, too, by their address.
    var limitsAddresses: Bool

    /// The server needs its handler and the handler its server: this is tied once, at the start.
    final class ServerReference {
        var server: HTTPServer!
    }

    struct OpenRequest {
        var visit: Visit
        var shape: AnswerShape
        var isStreaming = false

        var exchange: ExchangeID { visit.exchange }
    }

    init(
        server: ServerReference, turns: Turns, elections: Elections, kubernetes: Kubernetes,
        hub: WatchHub, facts: ServerFacts, gate: Gate, retention: Retention, desk: AuditDesk,
        limiter: RateLimiter?,
        limitsAddresses: Bool, requests: RequestLog.Scope, signOfLife: Interval, log: Logger
    ) {
        self.server = server
        self.turns = turns
        self.elections = elections
        self.kubernetes = kubernetes
        self.hub = hub
        selections = Selections(turns: turns)
        self.facts = facts
        self.gate = gate
        self.retention = retention
        self.desk = desk
        self.limiter = limiter
        self.limitsAddresses = limitsAddresses
        self.log = log
        requestLog = RequestLog(requests, log: log)
        var generator = SystemRandomNumberGenerator()
        ids = RequestIDs(from: &generator)
        streams = Streams(signOfLife: signOfLife)
        gate.issuers.onNews = { [unowned self] in judgeAgain() }
        selections.onEnd = { [unowned self] request, view in _ = answer(request, .markers(view)) }
        selections.onTrouble = { [unowned self] request in unavailable(request, .storageFailed) }
        selections.onNews = { [unowned self] request, view in
            if isStreaming(request) { stream(elections.waitingLine(for: view), to: request) }
        }
        hub.onEnd = { [unowned self] visit, isWhole in noteEnd(of: visit, status: isWhole ? 200 : nil) }
    }

    func peer(of visit: Visit) -> Peer? { http.peer(of: visit.exchange) }

    private var http: HTTPServer { server.server }

    // MARK: Requests

    func received(_ request: Request, _ exchange: ExchangeID) {
        let head = request.head
        let asked = APIRequest(
            method: head.methodName, path: head.pathSegments, query: head.queryItems,
            accept: head.values("accept").joined(separator: ", "), contentType: head["content-type"],
            userAgent: head["user-agent"], ifNoneMatch: head["if-none-match"], body: request.body)
        let visit = Visit(
            id: ids.id(of: head), exchange: exchange, method: asked.method, path: asked.path,
            route: RouteTemplate(path: asked.path), arrived: turns.clock.now.instant)
        var arrival = Arrival(visit: visit, asked: asked, head: head)
        if Kubernetes.serves(asked.path) { arrival.kubernetes = kubernetes.read(asked) }
        decide(arrival, until: turns.clock.now.instant + Lobby.timeMax)
    }

    /// In whose words a request is refused.
    private func face(of arrival: Arrival) -> any Refusing {
        guard let request = arrival.kubernetes else { return elections }
        return request
    }

    /// - Parameter until: how long it may wait until it is known whose it is.
    private func decide(_ arrival: Arrival, until: Instant) {
        var arrival = arrival
        let access = arrival.kubernetes.map(\.access) ?? elections.access(to: arrival.asked)
        let decision = gate.decide(
            access, arrival.head.values("authorization"), face(of: arrival),
            peer: http.peer(of: arrival.visit.exchange))
        switch decision {
        case .pass(let principal):
            arrival.visit.identity = principal?.identity
            serve(arrival, principal)
        case .refuse(let response, let identity):
            arrival.visit.identity = identity
            send(response, to: arrival.visit)
        case .later:
            arrival.visit.hasWaited = true
            guard !lobby.admit(arrival, until: until) else { return }
            let response = face(of: arrival).response(
                unjudged: "Too many tokens wait for their issuer's keys.")
            send(response, to: arrival.visit)
        }
    }

    private func serve(_ arrival: Arrival, _ principal: Principal?) {
        let visit = arrival.visit
        if let refusal = tooFast(visit, face(of: arrival)) {
            send(refusal, to: visit)
            return
        }
        if let request = arrival.kubernetes { return serve(request, visit, principal) }
        let routed = elections.route(
            arrival.asked, as: visit.exchange.number, at: turns.clock.now, principal: principal?.identity)
        switch routed.action {
        case .answer(let response): send(response, to: visit)
        case .read(let query): read(query, visit, principal)
        case .select(let selection, let until, let shape): select(selection, until, shape, visit)
        case .command(let command, let shape): submit(command, shape, visit)
        case .prune(let query): prune(query, visit, retention)
        }
    }

    private func submit(_ command: Command, _ shape: AnswerShape, _ visit: Visit) {
        guard !isClosed else {
            send(elections.response(unavailable: .stopping), to: visit)
            return
        }
        var (command, visit) = (command, visit)
        if command.isAct {
            visit.isAct = true
            let address = peer(of: visit)?.text ?? ""
            command.attribute(
                to: Origin(requestID: visit.id, identity: visit.identity, address: address))
        }
        if shape.waits { command = command.waiting(for: client(visit)) }
        open[visit.exchange.number] = OpenRequest(visit: visit, shape: shape)
        turns.submit(command)
    }

    private func select(
        _ selection: MarkerSelection, _ until: Instant?, _ shape: AnswerShape, _ visit: Visit
    ) {
        guard !isClosed else {
            send(elections.response(unavailable: .stopping), to: visit)
            return
        }
        let request = visit.exchange.number
        open[request] = OpenRequest(visit: visit, shape: shape)
        do throws(Rejection) {
            try selections.add(selection, until: until, client: client(visit), as: request)
        } catch {
            _ = answer(request, .refused(error))
            return
        }
        if until != nil { parked(request, nil) }
    }

    func peerGone(_ exchange: ExchangeID, _ loss: Loss) {
        if let arrival = lobby.remove(exchange) { return noteEnd(of: arrival.visit, status: nil) }
        guard !hub.peerGone(exchange) else { return }
        guard let waiting = open.removeValue(forKey: exchange.number) else { return }
        noteEnd(of: waiting.visit, status: nil)
        streams.remove(exchange.number)
        selections.remove(exchange.number)
        turns.submit(.forsake(exchange.number))
    }

    /// - Parameter status: nil: its peer went before.
    func noteEnd(of visit: Visit, status: Int?) {
        requestLog.note(
            visit, status: status, bytes: visit.streamed, at: moment, http.peer(of: visit.exchange))
    }

    /// What is read anew on SIGHUP. Returns what the audit record has to say of it.
    func reload() -> AuditEntry {
        defer { judgeAgain() }
        return gate.reload(at: turns.clock.now.wall)
    }

    /// Keys have come, or won't come, or others are asked for: whoever waits is judged again.
    private func judgeAgain() {
        for (arrival, until) in lobby.takeAll() { decide(arrival, until: until) }
    }

    /// Settings of requests and waits, for what comes from now on.
    func change(to configuration: Configuration) {
        elections.settings = configuration.api
        kubernetes = kubernetes.with(configuration.api)
        facts.walBytesMax = configuration.walBytesMax
        hub.limits = configuration.watches
        requestLog.scope = configuration.requestLog
        limitsAddresses = configuration.limitsAddresses
        if streams.signOfLife != configuration.signOfLife {
            streams.change(signOfLife: configuration.signOfLife, at: turns.clock.now.instant)
        }
        let limiter = configuration.limiter
        // The same limits go on counting where they are.
        if let old = self.limiter, let new = limiter, old.grantsAs(new) { return }
        self.limiter = limiter
    }

    /// How the daemon is, in a line.
    var statusLine: String {
        let figures = turns.core.figures
        let line =
            "revision \(turns.core.durableRevision), holds: \(figures.holds), contenders: \(figures.contenders), waiters: \(figures.waiters)"
        let health = Health(turns: turns, figures: turns.store.figures, facts: facts)
        return health.degraded.map { "not ready: \($0); \(line)" } ?? line
    }

    func answer(to error: WireError, of head: RequestHead?, from peer: Peer) -> Answer {
        let visit = Visit(
            id: ids.id(of: head), exchange: .none, method: head?.methodName ?? "-",
            path: head?.pathSegments ?? [], route: .unread, arrived: moment)
        let response = elections.response(wireStatus: error.status, detail: error.detail)
            .identified(as: visit.id)
        turns.meters.answered(.unread, error.status)
        requestLog.note(visit, status: error.status, bytes: response.body.count, at: moment, peer)
        return Answer(response, of: visit)
    }

    func handshakeFailed(_ failure: HandshakeFailure, of peer: Peer) {
        log.debug(
            "a TLS handshake failed", metadata: ["peer": "\(peer.address)", "reason": "\(failure.reason)"])
    }

    func newRequestID() -> String { ids.id(of: nil) }

    // MARK: Answers

    func answer(_ request: RequestID, _ reply: Reply) -> Bool {
        guard let waiting = open.removeValue(forKey: request) else { return false }
        guard waiting.isStreaming else {
            let response = elections.response(to: reply, shape: waiting.shape)
            guard case .refused(let rejection) = reply else {
                return send(response, to: waiting.visit) == .sent
            }
            return send(response, to: waiting.visit, because: rejection) == .sent
        }
        return end(waiting.visit, with: elections.lastLines(for: reply, shape: waiting.shape))
    }

    /// The last lines of a stream. False if its peer was gone.
    private func end(_ visit: Visit, with lines: [UInt8]) -> Bool {
        streams.remove(visit.exchange.number)
        let isSent = http.send(visit.exchange, lines) == .sent
        requestLog.note(
            visit, status: isSent ? 200 : nil, bytes: visit.streamed + lines.count, at: moment,
            http.peer(of: visit.exchange))
        if isSent { http.finish(visit.exchange) }
        return isSent
    }

    func unavailable(_ request: RequestID, _ reason: Unavailable) {
        guard let waiting = open.removeValue(forKey: request) else { return }
        guard waiting.isStreaming else {
            send(elections.response(unavailable: reason), to: waiting.visit)
            return
        }
        _ = end(waiting.visit, with: elections.lastLines(unavailable: reason))
    }

    @discardableResult
    func send(
        _ response: APIResponse, to visit: Visit, because rejection: Rejection? = nil
    ) -> Delivery {
        let now = moment
        turns.meters.answered(
            visit.route, response.status, after: visit.hasWaited ? nil : now - visit.arrived)
        // Who it was has to be asked before the answer: it may end the connection.
        if let kind = response.problem, kind.isRecorded(ofAct: visit.isAct) {
            var refusal = visit.refusal(
                kind.rawValue, from: http.peer(of: visit.exchange) ?? Peer(), at: turns.clock.now.wall)
            if let rejection { refusal.describe(rejection) }
            desk.refused(refusal)
        }
        let response = response.identified(as: visit.id)
        requestLog.note(
            visit, status: response.status, bytes: response.body.count, at: now,
            http.peer(of: visit.exchange))
        return http.respond(visit.exchange, Answer(response, of: visit))
    }

    /// This moment's and not the round's: what took long in this round counts.
    var moment: Instant { Instant(nanoseconds: Meters.moment) }

    // MARK: Waiting

    func parked(_ request: RequestID, _ standing: Standing?) {
        park(request, on: standing.map { ($0.lease.record.key, .init($0)) }) {
            elections.waitingLine(for: standing)
        }
    }

    func parked(_ request: RequestID, for view: ConditionView) {
        guard let key = turns.core.condition(of: request) else { return }
        park(request, on: (key, .init(view))) { elections.waitingLine(for: view) }
    }

    private func park(
        _ request: RequestID, on subject: (key: Key, told: Streams.Told)?, _ line: () -> [UInt8]
    ) {
        guard let waiting = open[request] else { return }
        open[request]!.visit.hasWaited = true
        guard waiting.shape.format == .ndjson else { return http.park(waiting.exchange) }
        let head = Answer(elections.streamHead, of: waiting.visit)
        let now = turns.clock.now
        guard http.beginStream(waiting.exchange, status: head.status, headers: head.headers) == .sent
        else { return }
        turns.meters.answered(waiting.visit.route, head.status)
        open[request]!.isStreaming = true
        streams.add(request, subject?.key, subject?.told, at: now.instant)
        stream(line(), to: request)
    }

    private func stream(_ line: [UInt8], to request: RequestID, isSignOfLife: Bool = false) {
        guard let waiting = open[request] else { return }
        open[request]!.visit.streamed += line.count
        _ =
            isSignOfLife
            ? http.sendSignOfLife(waiting.exchange, line) : http.send(waiting.exchange, line)
    }

    func standingsChanged(_ key: Key) { streams.changed(key, at: turns.clock.now.instant) }

    /// Does what is due: fetches of keys, and the end of waiting for them; lines of streams.
    func tend() {
        let now = turns.clock.now
        gate.issuers.tend()
        for arrival in lobby.takeLate(at: now.instant) {
            send(
                face(of: arrival).response(
                    unjudged: "The keys of the token's issuer did not come in time."),
                to: arrival.visit)
        }
        tendStreams(now)
        selections.tend(at: now.instant)
        hub.tend(at: now)
    }

    /// Sends the lines that are due: signs of life, and places that changed.
    private func tendStreams(_ now: Now) {
        for request in streams.dueSignsOfLife(at: now.instant) {
            stream(elections.aliveLine(at: now), to: request, isSignOfLife: true)
        }
        for key in streams.dueNames(at: now.instant) {
            for (request, standing) in turns.core.standings(key, at: now) {
                guard isStreaming(request), streams.isNews(.init(standing), to: request) else { continue }
                stream(elections.waitingLine(for: standing), to: request)
            }
            for (request, view) in turns.core.conditions(key, at: now) {
                guard isStreaming(request), streams.isNews(.init(view), to: request) else { continue }
                stream(elections.waitingLine(for: view), to: request)
            }
        }
    }

    private func isStreaming(_ request: RequestID) -> Bool { open[request]?.isStreaming ?? false }

    var nextWake: Instant? {
        [streams.nextWake, selections.nextWake, lobby.nextWake, gate.issuers.nextWake, hub.nextWake]
            .compactMap { $0 }.min()
    }

    /// The daemon is about to stop: whoever waits is told to come back.
    func sendWaitersAway() {
        for request in open.keys { unavailable(request, .stopping) }
        hub.endAll(at: turns.clock.now)
        sendSearchersAway()
        for (arrival, _) in lobby.takeAll() {
            let response =
                arrival.kubernetes?.response(unavailable: .stopping)
                ?? elections.response(unavailable: .stopping)
            send(response, to: arrival.visit)
        }
    }

    // MARK: Reads

    private func read(_ query: ReadQuery, _ visit: Visit, _ asker: Principal?) {
        if let search = EvidenceSearch(query, elections, turns.store, at: turns.clock.now) {
            return examine(search, visit)
        }
        let respond: (APIResponse) -> () -> Void = { response in
            { [unowned self] in _ = send(response, to: visit) }
        }
        let counters = http.counters
        // A disk that doesn't answer must not silence those who ask how the daemon is.
        let reader = Reader(
            turns: turns, elections: elections, facts: facts, server: counters,
            rateClients: limiter?.clients ?? 0, issuers: gate.issuers, asker: asker)
        if let response = reader.answerAtOnce(query, at: turns.clock.now) { return respond(response)() }
        turns.read(query.keys) { [elections, log] _, now in
            do {
                return respond(try reader.answer(query, at: now))
            } catch {
                log.error(
                    "reading the store failed",
                    metadata: ["reason": "\(error)", "requestID": "\(visit.id)"])
                return respond(elections.response(unavailable: .storageFailed))
            }
        }
    }
}

extension Answer {
    init(_ response: APIResponse, of visit: Visit) {
        var headers = Headers(capacity: 256)
        for header in response.headers { headers.add(header.name, header.value) }
        headers.add("X-Request-Id", visit.id)
        self.init(status: response.status, headers: headers, body: response.body)
    }
}

extension ReadQuery {
    /// The names that it asks memory for.
    var keys: [Key] {
        switch self {
        case .lease(let key), .fence(let key, _): [key]
        case .resolve(let namespace, let text): [Key(namespace: namespace, name: text)]
        case .leases, .history, .markers, .namespace, .audit, .overlaps, .report, .status, .ready, .live,
            .metrics, .aliases, .aliasHistory:
            []
        }
    }
}
