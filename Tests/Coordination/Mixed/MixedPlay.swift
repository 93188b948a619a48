@testable import Coordination

/// Holders of both faces on one lease, each by its own protocol: client-go's leader election, which
/// reads, judges by its own clock and writes, and campaigns of /v1. Messages take their time, both
/// ways; processes die; the daemon restarts. Whoever believes that it holds must be the only one.
struct MixedPlay {
    enum Event {
        /// An actor's turn to do something.
        case wake
        /// A message is at the daemon.
        case arrives(Message)
        /// The answer is back. nil: none came, or it was 503.
        case answered(Message, Answer?)
    }

    enum Message {
        case get
        case write(LeaseWrite)
        case command(Command)
        /// It was asked before, and waits.
        case waiting(RequestID)
    }

    enum Answer {
        case object(LeaseRecord?)
        case reply(Reply)
    }

    static let key = Stage.key("shared")

    var stage = Stage(CoreSettings(reconnectGrace: .seconds(3)))
    var dice: Dice
    var electors: [Elector] = []
    var contenders: [Campaigner] = []
    private var events: [(at: Instant, actor: Int, event: Event)] = []
    private(set) var faults: [String] = []
    /// How often somebody began to believe, by kind: a play in which nobody held shows nothing.
    private(set) var terms = (electors: 0, contenders: 0)

    init(seed: UInt64) {
        dice = Dice(seed: seed)
        stage.recordsIssues = false
        for number in 0..<3 {
            electors.append(Elector(identity: "pod-\(number)"))
            contenders.append(Campaigner(identity: "run-\(number)"))
        }
        for actor in 0..<6 { schedule(.wake, of: actor, in: someTime(upTo: 5_000)) }
    }

    // MARK: The world

    mutating func play(for length: Interval) {
        let end = stage.now.instant + length
        while let next = events.indices.min(by: { events[$0].at < events[$1].at }), events[next].at < end {
            let (at, actor, event) = events.remove(at: next)
            stage.after(at - stage.now.instant)
            if dice.oneIn(400) { stage.restart() }
            if dice.oneIn(40) { annotate() }
            happen(event, actor)
            deliverWaiting()
        }
        faults += stage.faults
    }

    private mutating func happen(_ event: Event, _ actor: Int) {
        switch event {
        case .wake:
            act(actor) {
                $0.woke(at: $1, &$2)
            } campaigner: {
                $0.woke(at: $1, &$2)
            }
        case .arrives(let message): arrive(message, actor)
        case .answered(let message, let answer):
            act(actor) {
                $0.heard(message, answer, at: $1, &$2)
            } campaigner: {
                $0.heard(message, answer, at: $1, &$2)
            }
        }
    }

    /// Something that an actor wants: a message sent, or to be woken later.
    enum Wish {
        case send(Message)
        case wake(in: Interval)
        /// It believes that it holds until then.
        case believe(until: Instant)
        case die
    }

    private mutating func act(
        _ actor: Int, _ elector: (inout Elector, Now, inout Outbox) -> Void,
        campaigner: (inout Campaigner, Now, inout Outbox) -> Void
    ) {
        var outbox = Outbox(dice: dice, stage: stage)
        if actor < electors.count {
            elector(&electors[actor], stage.now, &outbox)
        } else {
            campaigner(&contenders[actor - electors.count], stage.now, &outbox)
        }
        dice = outbox.dice
        stage.lastRequest = outbox.lastRequest
        for wish in outbox.wishes { grant(wish, actor) }
    }

    private mutating func grant(_ wish: Wish, _ actor: Int) {
        switch wish {
        case .send(let message): schedule(.arrives(message), of: actor, in: someTime(upTo: 2_000))
        case .wake(let time): schedule(.wake, of: actor, in: time)
        case .believe(let until): believe(actor, until)
        case .die:
            events.removeAll { $0.actor == actor }
            schedule(.wake, of: actor, in: someTime(upTo: 60_000))
        }
    }

    private mutating func believe(_ actor: Int, _ until: Instant) {
        for (other, end) in beliefs where other != actor && end > stage.now.instant {
            faults.append("\(name(actor)) believes that it holds, and \(name(other)) does as well")
        }
        if actor < electors.count { terms.electors += 1 } else { terms.contenders += 1 }
    }

    private var beliefs: [(Int, Instant)] {
        var all: [(Int, Instant)] = []
        for (index, elector) in electors.enumerated() { all.append((index, elector.believesUntil)) }
        for (index, run) in contenders.enumerated() {
            all.append((electors.count + index, run.believesUntil))
        }
        return all
    }

    private func name(_ actor: Int) -> String {
        actor < electors.count ? electors[actor].identity : contenders[actor - electors.count].identity
    }

    // MARK: The daemon's side

    private mutating func arrive(_ message: Message, _ actor: Int) {
        switch message {
        case .get: answer(message, .object(stage.disk.leases[Self.key]), actor)
        case .write(let write): apply(.write(write), message, actor)
        case .command(let command): apply(command, message, actor)
        case .waiting: break
        }
    }

    private mutating func apply(_ command: Command, _ message: Message, _ actor: Int) {
        let request = command.request!
        if dice.oneIn(30) {
            stage.failedTurn { $0.send(command, from: request) }
        } else {
            stage.send(command, from: request)
        }
        switch stage.fates[request] {
        case .told(let reply): answer(message, .reply(reply), actor)
        case .parked: waiting.append((request, actor))
        default: answer(message, nil, actor)
        }
    }

    private var waiting: [(request: RequestID, actor: Int)] = []

    private mutating func deliverWaiting() {
        let open = waiting
        waiting = []
        for (request, actor) in open {
            switch stage.fates[request] {
            case .parked: waiting.append((request, actor))
            case .told(let reply): answer(.waiting(request), .reply(reply), actor)
            default: answer(.waiting(request), nil, actor)
            }
        }
        stage.forgetAnswered()
    }

    private mutating func answer(_ message: Message, _ answer: Answer?, _ actor: Int) {
        let lost = dice.oneIn(30)
        let time = lost ? .seconds(4) : someTime(upTo: 2_000)
        schedule(.answered(message, lost ? nil : answer), of: actor, in: time)
    }

    /// An operator with kubectl.
    private mutating func annotate() {
        guard let lease = stage.disk.leases[Self.key] else { return }
        let request = stage.newRequest()
        let write = LeaseWrite(
            request: request, key: Self.key, precondition: .version(lease.version),
            metadata: [UInt8(dice.below(256))], spec: lease.spec)
        stage.send(.write(write), from: request)
    }

    private mutating func schedule(_ event: Event, of actor: Int, in time: Interval) {
        events.append((stage.now.instant + time, actor, event))
    }

    private mutating func someTime(upTo milliseconds: Int) -> Interval {
        .milliseconds(Int64(1 + dice.below(milliseconds)))
    }
}

/// What an actor wants, gathered while it decides.
struct Outbox {
    var dice: Dice
    var lastRequest: RequestID
    var wishes: [MixedPlay.Wish] = []

    init(dice: Dice, stage: Stage) {
        self.dice = dice
        lastRequest = stage.lastRequest
    }

    mutating func newRequest() -> RequestID {
        lastRequest += 1
        return lastRequest
    }
}
