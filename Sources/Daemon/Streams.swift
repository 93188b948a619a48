import Coordination

/// Which streams are due for a line.
///
/// A sign of life goes out every now and then, since proxies cut silence. A place in the queue is
/// told when it changed, only the newest, and at most once in 2 s for each name: a thousand
/// waiters don't hear of each of a thousand departures.
struct Streams {
    static let quietTime = Interval.seconds(2)
    /// Changes that come together are told together.
    static let gatherTime = Interval.milliseconds(200)

    /// How often a stream has a line although nothing happens.
    private(set) var signOfLife: Interval

    init(signOfLife: Interval) { self.signOfLife = signOfLife }

    private struct Stream {
        /// The name in whose queue it is, or whose condition it waits for; nil for one that waits for markers.
        var key: Key?
        var told: Told?
    }
    /// What a stream was told last, without what changes all the time.
    struct Told: Equatable {
        /// Those who hold, as many as are shown, each with its phase.
        private var holds: [FencingToken?]
        private var phases: [Revision?]
        private var position = 0
        private var count = 0
        private var reason: Standing.Reason?

        init(_ standing: Standing) {
            self.init(standing.lease)
            position = standing.position
            count = standing.queueLength
            reason = standing.reason
        }

        init(_ view: ConditionView) {
            self.init(view.lease)
            count = view.left ?? 0
        }

        private init(_ lease: LeaseView?) {
            let shown = [lease?.record.hold].compactMap(\.self) + (lease?.shared ?? []).map(\.hold)
            holds = shown.map(\.token)
            phases = shown.map { $0.phase?.revision }
        }
    }

    private var streams: [RequestID: Stream] = [:]
    /// In order of time, since each waits equally long. Ended streams stay until their time comes.
    private var signs: [(at: Instant, request: RequestID)] = []
    private var signsHead = 0
    /// How many streams there are in each name's queue.
    private var watched: [Key: Int] = [:]
    private var changed: Set<Key> = []
    private var gatherUntil: Instant?
    private var toldAt: [Key: Instant] = [:]

    mutating func add(_ request: RequestID, _ key: Key?, _ told: Told?, at now: Instant) {
        streams[request] = Stream(key: key, told: told)
        if let key { watched[key, default: 0] += 1 }
        signs.append((now + signOfLife, request))
    }

    /// For all streams from now on. None waits for longer than that, and the order by time stays.
    mutating func change(signOfLife: Interval, at now: Instant) {
        self.signOfLife = signOfLife
        signs = signs[signsHead...].map { (min($0.at, now + signOfLife), $0.request) }
        signsHead = 0
    }

    mutating func remove(_ request: RequestID) {
        guard let stream = streams.removeValue(forKey: request), let key = stream.key else { return }
        watched[key]! -= 1
        if watched[key] == 0 { watched[key] = nil }
    }

    mutating func changed(_ key: Key, at now: Instant) {
        guard watched[key] != nil, changed.insert(key).inserted, gatherUntil == nil else { return }
        gatherUntil = now + Self.gatherTime
    }

    var nextWake: Instant? {
        let sign = signsHead < signs.count ? signs[signsHead].at : nil
        guard let sign, let gatherUntil else { return sign ?? gatherUntil }
        return min(sign, gatherUntil)
    }

    mutating func dueSignsOfLife(at now: Instant) -> [RequestID] {
        var due: [RequestID] = []
        while signsHead < signs.count, signs[signsHead].at <= now {
            let request = signs[signsHead].request
            signsHead += 1
            guard streams[request] != nil else { continue }
            due.append(request)
            signs.append((now + signOfLife, request))
        }
        if signsHead > 1024, signsHead * 2 > signs.count {
            signs.removeFirst(signsHead)
            signsHead = 0
        }
        return due
    }

    /// The names whose waiters are to be told now. One that was told less than 2 s ago waits on.
    mutating func dueNames(at now: Instant) -> [Key] {
        guard let gatherUntil, gatherUntil <= now else { return [] }
        toldAt = toldAt.filter { $0.value + Self.quietTime > now }
        let due = changed.filter { toldAt[$0] == nil }
        changed.subtract(due)
        for key in due { toldAt[key] = now }
        self.gatherUntil = changed.isEmpty ? nil : now + Self.gatherTime
        return Array(due)
    }

    /// Whether this differs from what the stream was told last; from now on it was told this.
    mutating func isNews(_ told: Told, to request: RequestID) -> Bool {
        guard streams[request] != nil, streams[request]!.told != told else { return false }
        streams[request]!.told = told
        return true
    }
}
