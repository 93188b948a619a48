import CCurl
import Glibc

/// HTTP over libcurl, for one thread and one loop: `wait` watches curl's sockets
/// and the caller's descriptors at once, `next` says what has come.
///
/// Connections are kept and used again. Proxies are taken from the environment as
/// curl does (`http_proxy`, `https_proxy`, `no_proxy`). Redirects aren't followed:
/// a token isn't shown to whoever is pointed at.
public final class Transport {
    public enum Event: Equatable, Sendable {
        /// A line of a stream.
        case line(Int, [UInt8])
        /// The end: after its lines, if it is a stream.
        case finished(Int, Result<HTTPResponse, TransportFailure>)
    }

    public let endpoint: Endpoint
    private let credentials: Credentials
    private let trust: Trust
    private let agent: String
    private let multi: UnsafeMutableRawPointer
    private var transfers: [Int: Transfer] = [:]
    /// Every attempt is a request with an id of its own; what they begin with is the same, so that a retry
    /// can be seen to be one.
    private let requestIDs = Random.hex(bytes: 8)
    private var attempts = 0
    private var events: [Event] = []

    public init(_ endpoint: Endpoint, _ credentials: Credentials, _ trust: Trust = Trust(), agent: String) {
        curl_global_init(Int(CURL_GLOBAL_ALL))
        self.endpoint = endpoint
        self.credentials = credentials
        self.trust = trust
        self.agent = agent
        multi = curl_multi_init()
    }

    deinit {
        for transfer in transfers.values { transfer.leave(multi) }
        curl_multi_cleanup(multi)
    }

    /// Sends it; what comes of it is told under this number.
    public func start(_ id: Int, _ request: HTTPRequest, timeout: Duration?) {
        do throws(CredentialsError) {
            let token = try credentials.token()
            guard let transfer = Transfer(id, streams: request.streams) else {
                return fail(id, "no memory for a request")
            }
            attempts += 1
            transfer.prepare(
                request, "\(requestIDs)-\(attempts)", to: endpoint, token: token, timeout: timeout,
                agent: agent)
            transfer.believe(trust)
            transfers[id] = transfer
            transfer.join(multi)
        } catch {
            fail(id, error.text)
        }
    }

    private func fail(_ id: Int, _ text: String) {
        events.append(.finished(id, .failure(TransportFailure(text: text))))
    }

    /// Nothing more is told of it.
    public func cancel(_ id: Int) {
        transfers.removeValue(forKey: id)?.leave(multi)
        events.removeAll { $0.id == id }
    }

    /// Waits until something comes of a request, one of the descriptors is readable,
    /// or that moment; nil: for as long as it takes.
    public func wait(until moment: Moment?, _ descriptors: [Int32] = []) {
        progress()
        if !events.isEmpty { return }
        var entries = descriptors.map { curl_waitfd(fd: $0, events: Int16(CURL_WAIT_POLLIN), revents: 0) }
        // An hour is as good as for ever, and fits.
        let left = moment.map { $0 - Moment.now } ?? .seconds(3_600)
        // Rounded up: waking a moment early would be a busy loop until it is due.
        let milliseconds = min(max(left, .zero), .seconds(3_600)).nanoseconds + 999_999
        curl_multi_poll(multi, &entries, UInt32(entries.count), Int32(milliseconds / 1_000_000), nil)
        progress()
    }

    private func progress() {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        for id in transfers.keys.sorted() { takeLines(transfers[id]!) }
        var code = CURLE_OK
        while let handle = baton_curl_next_done(multi, &code) {
            guard let transfer = transfers.values.first(where: { $0.handle == handle }) else { continue }
            takeLines(transfer)
            events.append(.finished(transfer.id, transfer.outcome(code)))
            transfers.removeValue(forKey: transfer.id)?.leave(multi)
        }
    }

    private func takeLines(_ transfer: Transfer) {
        events += transfer.takeLines().map { .line(transfer.id, $0) }
    }

    /// What came, in order; nil when there is no more. Doesn't wait.
    public func next() -> Event? { events.isEmpty ? nil : events.removeFirst() }

    /// One request and its answer, for callers that have nothing else to do.
    public func perform(_ request: HTTPRequest, timeout: Duration) throws(TransportFailure) -> HTTPResponse {
        start(-1, request, timeout: timeout)
        while true {
            while let event = next() {
                if case .finished(-1, let outcome) = event { return try outcome.get() }
            }
            wait(until: nil)
        }
    }
}

extension Transport.Event {
    public var id: Int {
        switch self {
        case .line(let id, _), .finished(let id, _): id
        }
    }
}
