/// A campaign as a stream, as `baton` sends it: parked until it is elected or the work is done.
final class Contender {
    let link: Link
    private let verbs: Verbs
    private let name: String
    let holder: String
    /// It has been told that it waits.
    private(set) var isParked = false
    private(set) var token: UInt64?
    private(set) var verdict: Verdict?
    private(set) var returnedAt: Int64 = 0
    /// Called when the outcome is there.
    var onVerdict: (Contender) throws -> Void = { _ in }

    enum Verdict { case elected, done }

    init(_ link: Link, _ verbs: Verbs, name: String, holder: String) {
        self.link = link
        self.verbs = verbs
        self.name = name
        self.holder = holder
        // Until the link closes or serves another: a stream's end may come after its outcome.
        link.onAnswer = { [self] in try answered($0) }
    }

    func campaign(marker: Verbs.Marker, duration: String = "30s") throws {
        try ask(verbs.campaign(name, by: holder, marker: marker, duration: duration, wait: "10m"))
    }

    func ask(_ request: Request) throws {
        isParked = false
        verdict = nil
        try link.send(request)
    }

    func completion() -> Request { verbs.complete(name, by: holder).with(token: token ?? 0) }
    func resignation() -> Request { verbs.resign(name, by: holder).with(token: token ?? 0) }

    private func answered(_ answer: Answer) throws {
        guard answer.status == 200 else { throw answer.unexpected("200") }
        guard answer.has("\"type\":\"outcome\"") else {
            guard !answer.has("\"type\":\"problem\"") else { throw answer.unexpected("an outcome") }
            if answer.has("\"type\":\"waiting\"") { isParked = true }
            return
        }
        returnedAt = Clock.now
        if answer.has("\"outcome\":\"elected\"") {
            token = try answer.tokenOrThrow()
            verdict = .elected
        } else {
            guard answer.has("\"outcome\":\"done\"") else { throw answer.unexpected("elected or done") }
            verdict = .done
        }
        try onVerdict(self)
    }
}
