/// A client that asks again as soon as it has its answer.
protocol Player: AnyObject {
    var link: Link { get }
    /// What was measured. Shared by all clients of a run.
    var tally: Tally? { get set }
    func begin() throws
}

/// What the clients of one run counted.
final class Tally {
    /// Of each round's first and second half, from sending to the answer.
    var first = Samples()
    var second = Samples()
    var rounds = 0
    var isOver = false
    var playing = 0
    /// The rounds after which a client stops; 0: when the time is up.
    var roundsWanted = 0

    var wantsMore: Bool { !isOver && (roundsWanted == 0 || rounds + playing <= roundsWanted) }

    fileprivate func beginAnew() {
        first.clear()
        second.clear()
        rounds = 0
    }
}

/// What a run came to.
struct Measured {
    var first = Samples()
    var second = Samples()
    var rounds = 0
    var seconds = 0.0
    var counters = Counters.none

    var rate: Double { Double(rounds) / seconds }

    func note(_ round: String) {
        for line in counters.lines(rounds: rounds, round, seconds: seconds) { Report.note(line) }
    }

    mutating func add(_ other: Measured) {
        first.add(other.first)
        second.add(other.second)
        rounds += other.rounds
        seconds += other.seconds
        counters = counters + other.counters
    }
}

enum ClosedLoop {
    /// Clients on a connection each, each with one request under way, for as long as said.
    /// The first fifth, at most half a second, is not counted.
    static func run(
        _ server: Server, clients: Int, seconds: Double, _ player: (Link, Int) throws -> any Player
    ) throws -> Measured {
        let tally = Tally()
        let players = try begin(server, clients, tally, player)
        try server.loop.run(for: Int64(min(0.5, seconds / 5) * 1e9))
        let before = try server.counters()
        tally.beginAnew()
        let start = Clock.now
        try server.loop.run(for: Int64(seconds * 1e9))
        let end = Clock.now
        let measured = Measured(
            first: tally.first, second: tally.second, rounds: tally.rounds,
            seconds: Double(end - start) / 1e9, counters: try server.counters() - before)
        tally.isOver = true
        try finish(players, tally, server)
        return measured
    }

    /// The same for a number of rounds in all, and nothing measured.
    static func run(
        _ server: Server, clients: Int, rounds: Int, _ player: (Link, Int) throws -> any Player
    ) throws {
        let tally = Tally()
        tally.roundsWanted = rounds
        try finish(try begin(server, clients, tally, player), tally, server)
    }

    private static func begin(
        _ server: Server, _ clients: Int, _ tally: Tally, _ player: (Link, Int) throws -> any Player
    ) throws -> [any Player] {
        let players = try server.links(clients).enumerated().map { try player($1, $0) }
        tally.playing = clients
        for player in players {
            player.tally = tally
            try player.begin()
        }
        return players
    }

    private static func finish(_ players: [any Player], _ tally: Tally, _ server: Server) throws {
        try server.loop.run { tally.playing > 0 }
        for player in players { player.link.close() }
    }
}

/// One request, over and over.
final class Asking: Player {
    let link: Link
    var tally: Tally?
    private let request: Request
    private var sent: Int64 = 0

    init(_ link: Link, _ request: Request) {
        self.link = link
        self.request = request
        link.onAnswer = { [unowned self] in try answered($0) }
    }

    func begin() throws {
        sent = Clock.now
        try link.send(request)
    }

    private func answered(_ answer: Answer) throws {
        guard answer.status == 200 else { throw answer.unexpected("200") }
        guard let tally else { return }
        tally.first.add(Clock.now - sent)
        tally.rounds += 1
        if tally.wantsMore { try begin() } else { tally.playing -= 1 }
    }
}

/// Two requests: to be elected, and with the token that came to end the hold.
final class Cycling: Player {
    let link: Link
    var tally: Tally?
    private var campaign: Request
    private var end: Request
    private var serial = 0
    private var holds = false
    private var sent: Int64 = 0

    /// With `Request.serial` in the name each round is on a name of its own.
    init(_ link: Link, campaign: Request, end: Request) {
        self.link = link
        self.campaign = campaign
        self.end = end
        link.onAnswer = { [unowned self] in try answered($0) }
    }

    func begin() throws {
        serial += 1
        campaign.set(serial: serial)
        end.set(serial: serial)
        sent = Clock.now
        try link.send(campaign)
    }

    private func answered(_ answer: Answer) throws {
        let token = try answer.tokenOrThrow()
        guard let tally else { return }
        let now = Clock.now
        holds.toggle()
        guard !holds || answer.has("\"outcome\":\"elected\"") else { throw answer.unexpected("elected") }
        if holds {
            tally.first.add(now - sent)
            end.set(token: token)
            sent = now
            return try link.send(end)
        }
        tally.second.add(now - sent)
        tally.rounds += 1
        if tally.wantsMore { try begin() } else { tally.playing -= 1 }
    }
}
