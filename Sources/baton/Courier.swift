import Client

/// Carries the requests of a `Campaigner` and brings their replies.
final class Courier {
    private let transport: Transport
    private let contender: Contender
    private var requests: [Int: Campaigner.Request] = [:]
    /// Streams that have said their outcome: their end is no news.
    private var decided: Set<Int> = []

    init(_ transport: Transport, for contender: Contender) {
        self.transport = transport
        self.contender = contender
    }

    func send(_ id: Int, _ request: Campaigner.Request, timeout: Duration?) {
        requests[id] = request
        transport.start(id, contender.http(request), timeout: timeout)
    }

    func cancel(_ id: Int) {
        requests[id] = nil
        decided.remove(id)
        transport.cancel(id)
    }

    func wait(until moment: Moment?, _ descriptors: [Int32]) {
        transport.wait(until: moment, descriptors)
    }

    /// The next reply that has come; nil when there is no more.
    func next() -> Campaigner.Event? {
        while let event = transport.next() {
            if let reply = reply(event) { return .answered(event.id, reply) }
        }
        return nil
    }

    private func reply(_ event: Transport.Event) -> Reply? {
        guard let request = requests[event.id] else { return nil }
        switch event {
        case .line(let id, let line):
            guard let reply = Reply.from(line: line), !decided.contains(id) else { return nil }
            if reply.isOutcome { decided.insert(id) }
            return reply
        case .finished(let id, let outcome):
            requests[id] = nil
            return Reply.from(outcome, to: request, hasOutcome: decided.remove(id) != nil)
        }
    }
}
