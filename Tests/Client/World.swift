@testable import Client

/// A world for one run, by one seed: a server that goes away and comes back, a
/// network that loses and delays, a command that takes its time to die, a baton
/// that is stopped and continued, a guardian that isn't.
struct World {
    enum Happening {
        case arrives(Int, Campaigner.Request)
        case told(Campaigner.Event)
        case commandEnds(Int32)
        case treeEnds
        case termDue(generation: Int)
        case killDue(generation: Int)
        case holdRevoked
        case stopped(Duration)
    }

    var now = Moment(nanoseconds: 1_000_000_000_000)
    var machine: Campaigner
    var dice: Dice
    private var agenda: [(at: Moment, order: Int, what: Happening)] = []
    private var order = 0

    // The server.
    private var outages: [ClosedRange<Moment>] = []
    private var heldUntil: Moment?
    private var token: Int64 = 100
    private var marker: Int64?
    private(set) var completions = 0
    private var isRevoked = false

    // The guardian and the command.
    private var commandToken: Int64?
    private var isCommandAlive = false
    private var deadman = 0
    private var isDying = false

    // Baton.
    private var stoppedUntil: Moment?
    private var kept: [Campaigner.Event] = []
    private(set) var verdict: Verdict?
    private(set) var broken: [String] = []
    private var isTokenConfirmed = false

    init(seed: UInt64) {
        dice = Dice(state: seed)
        var settings = RunSettings()
        settings.once = dice.one(in: 2)
        settings.duration = .seconds(30)
        settings.renewInterval = .seconds(3)
        settings.unreachableTimeout = .seconds(60)
        machine = Campaigner(settings, seed: seed)
        var at = now
        for _ in 0..<dice.below(4) {
            at = at + .milliseconds(dice.below(60_000))
            let end = at + .milliseconds(dice.below(40_000))
            outages.append(at...end)
            at = end
        }
        if dice.one(in: 4) { schedule(.milliseconds(dice.below(60_000)), .holdRevoked) }
        for _ in 0..<dice.below(3) {
            schedule(.milliseconds(dice.below(90_000)), .stopped(.milliseconds(dice.below(50_000))))
        }
        if dice.one(in: 4) { schedule(.milliseconds(dice.below(90_000)), .told(.signalled(15))) }
    }

    mutating func run() {
        feed(.started)
        var steps = 0
        while verdict == nil, steps < 20_000 {
            steps += 1
            step()
        }
        if verdict == nil { broken.append("it doesn't end") }
        if isCommandAlive { broken.append("it ended and its command didn't") }
    }

    private mutating func schedule(_ delay: Duration, _ what: Happening) {
        order += 1
        agenda.append((now + delay, order, what))
    }

    private mutating func step() {
        let next = agenda.min { ($0.at, $0.order) < ($1.at, $1.order) }
        let wake = stoppedUntil ?? machine.wakeAt
        if let wake, wake <= next?.at ?? wake {
            now = max(now, wake)
            if stoppedUntil != nil { return goOn() }
            let before = (machine, now)
            feed(.timePassed)
            if machine == before.0, machine.wakeAt.map({ $0 <= now }) ?? false {
                broken.append("a busy loop")
            }
            return
        }
        guard let next else { return broken.append("nothing would ever happen again") }
        agenda.removeAll { $0.order == next.order }
        now = max(now, next.at)
        judge()
        happen(next.what)
    }

    /// What must never be: a command at work under a hold that the server has ended by time.
    private mutating func judge() {
        guard isCommandAlive, commandToken == token, !isRevoked, let heldUntil else { return }
        if now > heldUntil { broken.append("at work \(now - heldUntil) after the server's deadline") }
    }

    private mutating func happen(_ what: Happening) {
        switch what {
        case .arrives(let id, let request): serve(id, request)
        case .told(let event): tell(event)
        case .commandEnds(let code): if isCommandAlive { commandEnded(code) }
        case .treeEnds: tell(.treeGone)
        case .termDue(let generation):
            guard generation == deadman, isCommandAlive else { return }
            tell(.deadmanFired)
            terminate(.seconds(60))
        case .killDue(let generation): if generation == deadman, isCommandAlive { commandEnded(137) }
        case .holdRevoked: if heldUntil != nil { isRevoked = true }
        case .stopped(let length): if stoppedUntil == nil { stoppedUntil = now + length }
        }
    }

    private mutating func goOn() {
        stoppedUntil = nil
        let events = kept
        kept = []
        for event in events { feed(event) }
        if let wake = machine.wakeAt, wake <= now { feed(.timePassed) }
    }

    private mutating func tell(_ event: Campaigner.Event) {
        if stoppedUntil != nil { kept.append(event) } else { feed(event) }
    }

    private mutating func feed(_ event: Campaigner.Event) {
        for effect in machine.apply(event, at: now) { carryOut(effect) }
    }

    // MARK: The server

    private func isDown(_ moment: Moment) -> Bool { outages.contains { $0.contains(moment) } }

    private mutating func send(_ id: Int, _ request: Campaigner.Request, _ timeout: Duration?) {
        let delay = Duration.milliseconds(dice.one(in: 10) ? dice.below(9_000) : dice.below(50))
        if isDown(now + delay) || dice.one(in: 30) {
            let silence = dice.one(in: 2) ? .milliseconds(5) : timeout ?? .seconds(40)
            schedule(silence, .told(.answered(id, .unknown(Stage.outage))))
        } else {
            schedule(delay, .arrives(id, request))
        }
    }

    private mutating func serve(_ id: Int, _ request: Campaigner.Request) {
        let reply = decide(request)
        // The answer may be lost on its way back, or come late.
        let isLost = dice.one(in: 20)
        let delay = Duration.milliseconds(dice.one(in: 10) ? dice.below(9_000) : dice.below(50))
        schedule(delay, .told(.answered(id, isLost ? .unknown(Stage.outage) : reply)))
    }

    private mutating func decide(_ request: Campaigner.Request) -> Reply {
        if let end = heldUntil, now >= end { heldUntil = nil }
        if isRevoked { heldUntil = nil }
        switch request {
        case .campaign: return campaign()
        case .renew(let token, _): return claim(token) { world in world.extend() }
        case .complete(let token, _, _):
            if marker == token { return .accepted }
            return claim(token) { world in
                world.marker = token
                world.completions += 1
                world.heldUntil = nil
            }
        case .resign(let token, _, _, _): return claim(token) { world in world.heldUntil = nil }
        }
    }

    private mutating func campaign() -> Reply {
        if marker != nil { return .done(Stage.marker()) }
        if heldUntil == nil {
            isRevoked = false
            token += 1
            extend()
        }
        return .elected(Hold(token: token))
    }

    private mutating func extend() { heldUntil = now + machine.settings.duration }

    private mutating func claim(_ token: Int64, _ act: (inout World) -> Void) -> Reply {
        guard heldUntil != nil, token == self.token else { return .refused(Stage.ended) }
        act(&self)
        return .accepted
    }

    // MARK: The guardian

    private mutating func carryOut(_ effect: Campaigner.Effect) {
        if verdict != nil { broken.append("more to do after the end: \(effect)") }
        switch effect {
        case .send(let id, let request, let timeout): send(id, request, timeout)
        case .run(.command(let hold)): begin(hold)
        case .signalCommand:
            if isCommandAlive { schedule(.milliseconds(dice.below(8_000)), .commandEnds(143)) }
        case .endTree(let grace): terminate(grace)
        case .armDeadman(let termAt, let killAt):
            deadman += 1
            schedule(max(termAt - now, .zero), .termDue(generation: deadman))
            schedule(max(killAt - now, .zero), .killDue(generation: deadman))
        case .disarmDeadman: deadman += 1
        case .readResult: schedule(.zero, .told(.resultRead([:])))
        case .finish(let verdict): self.verdict = verdict
        default: break
        }
    }

    private mutating func begin(_ hold: Hold?) {
        if isCommandAlive { broken.append("two commands at once") }
        if hold == nil { broken.append("without a lease") }
        isCommandAlive = true
        isDying = false
        commandToken = hold?.token
        judge()
        schedule(.milliseconds(dice.below(90_000)), .commandEnds(dice.one(in: 4) ? 1 : 0))
    }

    private mutating func terminate(_ grace: Duration) {
        guard isCommandAlive else { return }
        let patience = min(grace, .milliseconds(dice.below(10_000)))
        schedule(patience, .commandEnds(143))
    }

    private mutating func commandEnded(_ code: Int32) {
        isCommandAlive = false
        tell(.commandExited(code))
        schedule(.milliseconds(dice.below(500)), .treeEnds)
    }
}

/// SplitMix64.
struct Dice {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func one(in count: Int) -> Bool { below(count) == 0 }
}
