import Client
import Glibc
import JSON

/// A wait on one stream, asked for anew when it breaks: until it has an outcome, or our own time is over.
struct WaitStream {
    let transport: Transport
    /// When our own time is over; nil: never.
    let until: Moment?
    /// For how long a server that can't be reached is asked again.
    let patience: Duration
    /// No time at all: how it stands is asked for, and no more.
    private let asksOnce: Bool

    init(transport: Transport, timeout: Duration?, patience: Duration) {
        self.transport = transport
        self.patience = patience
        asksOnce = timeout == .zero
        // The answer takes its time also then.
        until = timeout.map { Moment.now + ($0 == .zero ? RunSettings.requestTimeout : $0) }
    }

    /// How a wait ends without an outcome.
    enum End: Error {
        case timedOut
        case unavailable(String)
    }

    /// - Parameters:
    ///   - request: as it is to be asked next, with what is known by then.
    ///   - heard: a line that says how things stand.
    ///   - tick: called now and then; when it wants to be called again.
    ///   - judge: an outcome, or a refusal. True: it is the end.
    func listen(
        _ request: (_ left: String) -> HTTPRequest, heard: (JSON) -> Void, tick: () -> Moment?,
        judge: (HTTPResponse) throws -> Bool
    ) throws {
        var silentSince: Moment?
        var backoff: Duration = .milliseconds(250)
        var limited = 0
        while true {
            transport.start(0, request(left), timeout: nil)
            let word = follow(tick) { line in
                (silentSince, limited) = (nil, 0)
                heard(line)
            }
            transport.cancel(0)
            var pause = Duration.zero
            switch word {
            case .answer(let response): if try judge(response) { return }
            case .again(let delay): pause = delay
            case .over: break
            case .limited(let why, let delay):
                if limited == 0 { Say.line("the server has no room for us yet: \(why); asking again") }
                limited += 1
                silentSince = nil
                pause = max(delay, min(.milliseconds(500) * limited, .seconds(15)))
            case .unknown(let why):
                if silentSince == nil { Say.line("no answer: \(why); trying again") }
                silentSince = silentSince ?? .now
                if let silentSince, Moment.now >= silentSince + patience { throw End.unavailable(why) }
                pause = backoff
            }
            backoff = silentSince == nil ? .milliseconds(250) : min(backoff * 2, .seconds(5))
            if asksOnce { throw End.timedOut }
            transport.wait(until: min(Moment.now + pause, until ?? .init(nanoseconds: .max)))
            if let until, Moment.now >= until { throw End.timedOut }
        }
    }

    /// What is left of our time, at most an hour at once.
    private var left: String {
        if asksOnce { return "0s" }
        let left = until.map { max($0 - Moment.now, .seconds(1)) } ?? .seconds(3_600)
        return "\(Int64(min(left, .seconds(3_600)).inSeconds.rounded(.up)))s"
    }

    /// What a stream came to.
    private enum Word {
        case answer(HTTPResponse)
        case again(after: Duration)
        case unknown(String)
        /// A limit of the server keeps us from waiting there.
        case limited(String, retryAfter: Duration)
        /// Our own time is over.
        case over
    }

    private func follow(_ tick: () -> Moment?, heard: (JSON) -> Void) -> Word {
        while true {
            while let event = transport.next() {
                switch event {
                case .line(_, let line):
                    let json = try? JSON(parsing: line)
                    heard(json ?? .null)
                    if let word = Self.word(line, json) { return word }
                case .finished(_, .success(let response)):
                    let text = Problem(status: response.status, response.json).text
                    if response.status == 429 {
                        return .limited(text, retryAfter: response.retryAfter ?? .seconds(1))
                    }
                    if response.status >= 500 { return .unknown(text) }
                    return response.body.isEmpty ? .again(after: .milliseconds(100)) : .answer(response)
                case .finished(_, .failure(let failure)): return .unknown(failure.text)
                }
            }
            if let until, Moment.now >= until { return .over }
            let moments = [until, tick()].compactMap(\.self)
            transport.wait(until: moments.min())
        }
    }

    private static func word(_ line: [UInt8], _ json: JSON?) -> Word? {
        switch json?["type"]?.string {
        case "outcome": return .answer(HTTPResponse(status: 200, body: line))
        case "reconnect": return .again(after: .seconds(json?["retryAfter"]?.double ?? 0.5))
        // A problem's type is its URN, in a stream as elsewhere.
        case let type? where type.hasPrefix("urn:"):
            let problem = Problem(status: 503, json)
            guard problem.status < 500 else { return .unknown(problem.text) }
            return .answer(HTTPResponse(status: problem.status, body: line))
        default: return nil
        }
    }
}
