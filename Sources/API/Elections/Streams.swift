import Coordination
import JSON

/// A stream of NDJSON: what a request is told while it waits.
///
/// A parked request gets the head and a waiting line at once; then a waiting line when its standing
/// changes and an alive line now and then, so that no proxy cuts the silence; then its last lines,
/// which end in an outcome or a problem.
extension Elections {
    static let streamHeaders: [APIResponse.Header] = [.ndjson, .noTransform, .unbuffered]

    /// The head of a stream whose request has been parked. Lines follow as its body.
    public var streamHead: APIResponse { APIResponse(status: 200, headers: Self.streamHeaders) }

    /// Where the contender stands; nil for those who wait for markers.
    public func waitingLine(for standing: Standing?) -> [UInt8] {
        line("waiting") { writer in
            if let standing {
                write(standing, to: &writer)
            } else {
                writer.member("outcome", "waiting")
            }
        }
    }

    /// "I am here, and you still wait."
    public func aliveLine(at now: Now) -> [UInt8] { line("alive") { $0.member("time", now.wall) } }

    /// "Ask again, after so long."
    public func reconnectLine(after delay: Interval) -> [UInt8] {
        line("reconnect") { $0.member("retryAfter", delay) }
    }

    /// The last lines of a stream that has begun. Of a wait that is over: a reconnect line as well.
    public func lastLines(for reply: Reply, shape: AnswerShape) -> [UInt8] {
        if case .refused(let rejection) = reply { return problemLine(problem(for: rejection)) }
        let outcome = line("outcome") { write(reply, shape, to: &$0) }
        return status(of: reply) == 202 ? reconnectLine(after: .zero) + outcome : outcome
    }

    /// The last lines of a stream when the daemon stops, or can't say.
    public func lastLines(unavailable reason: Unavailable) -> [UInt8] {
        reconnectLine(after: .milliseconds(500)) + problemLine(reason.problem)
    }

    /// The problem as it is: its `type` is a URN and so tells it from all other lines.
    public func problemLine(_ problem: Problem) -> [UInt8] { line(problem.write) }

    func line(_ type: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        line {
            $0.member("type", type)
            members(&$0)
        }
    }

    private func line(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }
}
