import Client

/// Carries the requests of a `Campaigner` and brings their replies.
///
/// What is said to several names is one request to each, and one reply: of all of them.
final class Courier {
    private let transport: Transport
    private let contender: Contender
    private var errands: [Int: Errand] = [:]
    /// Streams that have said their outcome: their end is no news.
    private var decided: Set<Int> = []

    /// A request, and what has come of it for each name.
    private struct Errand {
        var request: Campaigner.Request
        var replies: [Reply?]
    }
    /// A request has so many numbers on the way. No hold has more names.
    private static let names = 16

    init(_ transport: Transport, for contender: Contender) {
        self.transport = transport
        self.contender = contender
    }

    func send(_ id: Int, _ request: Campaigner.Request, timeout: Duration?) {
        let all = contender.https(request)
        precondition(all.count <= Self.names, "a hold has more names than a campaign may ask for")
        errands[id] = Errand(request: request, replies: Array(repeating: nil, count: all.count))
        for (index, http) in all.enumerated() {
            transport.start(id * Self.names + index, http, timeout: timeout)
        }
    }

    func cancel(_ id: Int) {
        guard let errand = errands.removeValue(forKey: id) else { return }
        decided.remove(id)
        for index in errand.replies.indices { transport.cancel(id * Self.names + index) }
    }

    func wait(until moment: Moment?, _ descriptors: [Int32]) {
        transport.wait(until: moment, descriptors)
    }

    /// The next reply that has come; nil when there is no more.
    func next() -> Campaigner.Event? {
        while let event = transport.next() {
            let id = event.id / Self.names
            if let reply = reply(event, id) { return .answered(id, reply) }
        }
        return nil
    }

    private func reply(_ event: Transport.Event, _ id: Int) -> Reply? {
        guard var errand = errands[id] else { return nil }
        switch event {
        case .line(_, let line):
            guard let reply = Reply.from(line: line), !decided.contains(id) else { return nil }
            if reply.isOutcome { decided.insert(id) }
            return reply
        case .finished(let number, let outcome):
            let reply = Reply.from(outcome, to: errand.request, hasOutcome: decided.remove(id) != nil)
            guard errand.replies.count > 1 else {
                errands[id] = nil
                return reply
            }
            errand.replies[number % Self.names] = reply
            errands[id] = errand
            guard let together = SeveralReplies.together(errand.replies, to: errand.request) else {
                return nil
            }
            cancel(id)
            return together
        }
    }
}
