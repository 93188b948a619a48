import API
import Coordination
import Logging
import Sockets
import Wire

/// Between the socket loop and the turns: takes requests in, lets answers out.
///
/// A request's number on the loop is its RequestID in the core. One that waits is either
/// parked (a long poll: silence, then one answer) or a stream (lines as its place changes,
/// a sign of life every 15 s, the outcome last).
final class Door: RequestHandler, TurnOutlet {
    let server: ServerReference
    let turns: Turns
    let elections: Elections
    let kubernetes: Kubernetes
    let facts: ServerFacts
    private(set) var gate: Gate
    let log: Logger
    private var open: [RequestID: OpenRequest] = [:]
    private var streams: Streams

    /// The server needs its handler and the handler its server: this is tied once, at the start.
    final class ServerReference {
        var server: HTTPServer!
    }

    struct OpenRequest {
        var exchange: ExchangeID
        var shape: AnswerShape
        var route: RouteTemplate
        var isStreaming = false
    }

    init(
        server: ServerReference, turns: Turns, elections: Elections, kubernetes: Kubernetes,
        facts: ServerFacts, gate: Gate, log: Logger
    ) {
        self.server = server
        self.turns = turns
        self.elections = elections
        self.kubernetes = kubernetes
        self.facts = facts
        self.gate = gate
        self.log = log
        streams = Streams()
    }

    private var http: HTTPServer { server.server }

    // MARK: Requests

    func received(_ request: Request, _ exchange: ExchangeID) {
        let head = request.head
        let asked = APIRequest(
            method: head.methodName, path: head.pathSegments, query: head.queryItems,
            accept: head.values("accept").joined(separator: ", "), contentType: head["content-type"],
            userAgent: head["user-agent"], ifNoneMatch: head["if-none-match"], body: request.body)
        let route = RouteTemplate(path: asked.path)
        if Kubernetes.serves(asked.path) {
            received(kubernetes.read(asked), head.values("authorization"), exchange, of: route)
            return
        }
        let principal: String?
        switch gate.decide(elections.access(to: asked), head.values("authorization"), elections) {
        case .refuse(let response):
            send(response, to: exchange, of: route)
            return
        case .pass(let identity): principal = identity
        }
        let routed = elections.route(
            asked, as: exchange.number, at: turns.clock.now, principal: principal)
        switch routed.action {
        case .answer(let response): send(response, to: exchange, of: route)
        case .read(let query): read(query, exchange, route)
        case .command(let command, let shape):
            guard !turns.isStopping else {
                send(elections.response(unavailable: .stopping), to: exchange, of: route)
                return
            }
            open[exchange.number] = OpenRequest(exchange: exchange, shape: shape, route: route)
            turns.submit(command)
        }
    }

    func peerGone(_ exchange: ExchangeID, _ loss: Loss) {
        guard open.removeValue(forKey: exchange.number) != nil else { return }
        streams.remove(exchange.number)
        turns.submit(.forsake(exchange.number))
    }

    /// What is read anew on SIGHUP.
    func reload() { gate.reload(log) }

    func answer(to error: WireError) -> Answer {
        turns.meters.answered(.unread, error.status)
        return Answer(elections.response(wireStatus: error.status, detail: error.detail))
    }

    // MARK: Answers

    func answer(_ request: RequestID, _ reply: Reply) -> Bool {
        guard let waiting = open.removeValue(forKey: request) else { return false }
        guard waiting.isStreaming else {
            let response = elections.response(to: reply, shape: waiting.shape)
            return send(response, to: waiting.exchange, of: waiting.route) == .sent
        }
        streams.remove(request)
        let lines = elections.lastLines(for: reply, shape: waiting.shape)
        guard http.send(waiting.exchange, lines) == .sent else { return false }
        http.finish(waiting.exchange)
        return true
    }

    func unavailable(_ request: RequestID, _ reason: Unavailable) {
        guard let waiting = open.removeValue(forKey: request) else { return }
        guard waiting.isStreaming else {
            send(elections.response(unavailable: reason), to: waiting.exchange, of: waiting.route)
            return
        }
        streams.remove(request)
        _ = http.send(waiting.exchange, elections.lastLines(unavailable: reason))
        http.finish(waiting.exchange)
    }

    @discardableResult
    func send(
        _ response: APIResponse, to exchange: ExchangeID, of route: RouteTemplate
    ) -> Delivery {
        turns.meters.answered(route, response.status)
        return http.respond(exchange, Answer(response))
    }

    // MARK: Waiting

    func parked(_ request: RequestID, _ standing: Standing?) {
        guard let waiting = open[request] else { return }
        guard waiting.shape.format == .ndjson else { return http.park(waiting.exchange) }
        let head = elections.streamHead
        let now = turns.clock.now
        guard http.beginStream(waiting.exchange, status: head.status, headers: Headers(head.headers)) == .sent
        else { return }
        turns.meters.answered(waiting.route, head.status)
        open[request]!.isStreaming = true
        streams.add(request, standing, at: now.instant)
        _ = http.send(waiting.exchange, elections.waitingLine(for: standing))
    }

    func standingsChanged(_ key: Key) { streams.changed(key, at: turns.clock.now.instant) }

    /// Sends the lines that are due: signs of life, and places that changed.
    func tendStreams() {
        let now = turns.clock.now
        for request in streams.dueSignsOfLife(at: now.instant) {
            guard let waiting = open[request] else { continue }
            _ = http.send(waiting.exchange, elections.aliveLine(at: now))
        }
        for key in streams.dueNames(at: now.instant) {
            for (request, standing) in turns.core.standings(key, at: now) {
                guard let waiting = open[request], waiting.isStreaming, streams.isNews(standing, to: request)
                else { continue }
                _ = http.send(waiting.exchange, elections.waitingLine(for: standing))
            }
        }
    }

    var nextWake: Instant? { streams.nextWake }

    /// The daemon is about to stop: whoever waits is told to come back.
    func sendWaitersAway() {
        for request in open.keys { unavailable(request, .stopping) }
    }

    // MARK: Reads

    private func read(_ query: ReadQuery, _ exchange: ExchangeID, _ route: RouteTemplate) {
        let respond: (APIResponse) -> () -> Void = { response in
            { [unowned self] in _ = send(response, to: exchange, of: route) }
        }
        let counters = http.counters
        // A disk that doesn't answer must not silence those who ask how the daemon is.
        let reader = Reader(turns: turns, elections: elections, facts: facts, server: counters)
        if let response = reader.answerAtOnce(query, at: turns.clock.now) { return respond(response)() }
        turns.read(query.keys) { [elections, facts, log] turns, now in
            do {
                let reader = Reader(turns: turns, elections: elections, facts: facts, server: counters)
                return respond(try reader.answer(query, at: now))
            } catch {
                log.error("reading the store failed", metadata: ["reason": "\(error)"])
                return respond(elections.response(unavailable: .storageFailed))
            }
        }
    }
}

extension Answer {
    init(_ response: APIResponse) {
        self.init(status: response.status, headers: Headers(response.headers), body: response.body)
    }
}

extension Headers {
    init(_ headers: [APIResponse.Header]) {
        self.init()
        for header in headers { add(header.name, header.value) }
    }
}

extension ReadQuery {
    /// The names that it asks memory for.
    var keys: [Key] {
        switch self {
        case .lease(let key), .fence(let key, _): [key]
        case .leases, .history, .markers, .status, .ready, .live, .metrics: []
        }
    }
}
