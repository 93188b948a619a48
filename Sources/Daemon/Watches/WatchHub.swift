import API
import Coordination
import Sockets
import Store

/// Tells watchers of changes that are on disk.
///
/// A turn's changes are put into bytes once for each form in which somebody watches them, and those bytes go to
/// all who do: `Channel`. Whoever begins, or comes back, catches up first, in steps: the list of what is there,
/// and what happened since, from memory (`RecentChanges`) or from the journal; from the moment at which nothing is
/// left of that it is told of changes as they happen. `position` is kept all the time, so that between the two
/// there is no gap and nothing comes twice.
///
/// All of it is paced (`Pacer`), and bounded: what waits for a round is as much as happened meanwhile, and a reader
/// that leaves too much unread is cut off, with an event that says so.
final class WatchHub {
    struct Limits: Equatable {
        var watches = 20_000
        var perClient = 20_000
    }

    let server: Door.ServerReference
    let store: SQLiteStore
    let face: Kubernetes
    let meters: Meters
    var limits: Limits
    /// A stream ended: what its request was. - Parameter isWhole: whether it came to its own end.
    var onEnd: (_ visit: Visit, _ isWhole: Bool) -> Void = { _, _ in }

    private var channels: [ChannelKey: Channel] = [:]
    private var scopes: [Scope: [Channel]] = [:]
    private var watchers: [UInt64: Watcher] = [:]
    private var clients: [String: Int] = [:]
    private var pacer = Pacer()
    private var due = DueQueue<UInt64>()
    /// Channels that have something to tell.
    private var telling: [Channel] = []
    /// Watchers that aren't live yet, each with its turn.
    var catching: [Watcher] = []
    private(set) var recent: RecentChanges
    /// What was read of the journal last: many come back at once, after a restart.
    var page: JournalPage?
    /// Who comes first in this slice, so that neither keeps the other waiting.
    private var catchersFirst = false

    private struct ChannelKey: Hashable {
        var selection: WatchSelection
        var form: WatchForm
    }

    /// Where changes look for those they concern.
    private struct Scope: Hashable {
        var resource: Resource
        /// Nil: all.
        var namespace: String?
        var name: String?
    }

    init(server: Door.ServerReference, store: SQLiteStore, face: Kubernetes, meters: Meters, limits: Limits) {
        self.server = server
        self.store = store
        self.face = face
        self.meters = meters
        self.limits = limits
        recent = RecentChanges(after: store.acknowledged)
    }

    var http: HTTPServer { server.server }
    /// This moment's, not the round's.
    var moment: Instant { Instant(nanoseconds: Meters.moment) }

    // MARK: Who watches

    /// The limit that one more watch would exceed.
    func refusal(_ client: String?) -> (limit: Int, setting: String)? {
        if watchers.count >= limits.watches { return (limits.watches, Meters.watches) }
        guard let client, clients[client, default: 0] >= limits.perClient else { return nil }
        return (limits.perClient, Meters.watchesPerClient)
    }

    /// How a watch begins.
    func beginning(of query: WatchQuery, _ request: KubernetesRequest) throws -> Watcher.Phase {
        switch query.start {
        case .next: return .live
        case .after: return .replaying(isMarked: false)
        case .present(let isMarked):
            let reader = KubernetesReader(store: store, face: face, request: request)
            let selection = query.selection
            let pages = try ObjectPages(
                reader, selection.resource, namespace: selection.namespace, name: selection.name)
            return .listing(pages, isMarked: isMarked)
        }
    }

    /// Takes over a stream that has begun, in the same round in which its beginning was asked for.
    func add(
        _ query: WatchQuery, _ phase: Watcher.Phase, _ visit: Visit, client: String?, timeout: Interval,
        at now: Instant
    ) {
        var position = store.acknowledged
        if case .after(let revision) = query.start { position = revision }
        let watcher = Watcher(
            visit, channel(query), client: client, allowsBookmarks: query.allowsBookmarks,
            times: WatchTimes(from: now, timeout: timeout, allowsBookmarks: query.allowsBookmarks),
            phase: phase, position: position)
        watcher.channel.count += 1
        watchers[visit.exchange.number] = watcher
        if let client { clients[client, default: 0] += 1 }
        due.add(visit.exchange.number, at: watcher.times.next)
        meters.watching.open += 1
        if case .live = phase { watcher.channel.watchers.append(watcher) } else { catching.append(watcher) }
    }

    private func channel(_ query: WatchQuery) -> Channel {
        let key = ChannelKey(selection: query.selection, form: query.form)
        if let channel = channels[key] { return channel }
        let channel = Channel(query.selection, query.form)
        channels[key] = channel
        scopes[scope(of: channel), default: []].append(channel)
        return channel
    }

    private func scope(of channel: Channel) -> Scope {
        let selection = channel.selection
        return Scope(resource: selection.resource, namespace: selection.namespace, name: selection.name)
    }

    /// The peer is gone. False: it was nobody's who watches.
    func peerGone(_ exchange: ExchangeID) -> Bool {
        guard let watcher = watchers[exchange.number] else { return false }
        forget(watcher, isWhole: false)
        return true
    }

    private func forget(_ watcher: Watcher, isWhole: Bool) {
        watcher.isOver = true
        watchers[watcher.exchange.number] = nil
        if let client = watcher.client {
            clients[client]! -= 1
            if clients[client] == 0 { clients[client] = nil }
        }
        meters.watching.open -= 1
        let channel = watcher.channel
        channel.count -= 1
        if channel.count == 0 { close(channel) } else if channel.batch == nil { tidyNowAndThen(channel) }
        if due.count > 64, due.count > 2 * watchers.count { due.keep { watchers[$0] != nil } }
        onEnd(watcher.visit, isWhole)
    }

    /// Those that are over are skipped in the meantime.
    private func tidyNowAndThen(_ channel: Channel) {
        if channel.watchers.count > 2 * channel.count + 16 { channel.tidy() }
    }

    private func close(_ channel: Channel) {
        channels[ChannelKey(selection: channel.selection, form: channel.form)] = nil
        let scope = scope(of: channel)
        scopes[scope]!.removeAll { $0 === channel }
        if scopes[scope]!.isEmpty { scopes[scope] = nil }
        channel.pending = []
        channel.batch = nil
        channel.watchers = []
    }

    // MARK: What happens

    /// A turn is on disk. - Parameter bytes: of its row.
    func committed(_ changes: [Change], revision: Revision, bytes: Int) {
        guard !watchers.isEmpty else { return recent.skip(to: revision) }
        let seen = changes.compactMap { face.seen($0).map(SharedChange.init) }
        recent.append(seen, revision: revision, bytes: bytes)
        for change in seen {
            let (resource, namespace, name) = (
                change.change.resource, change.change.namespace, change.change.name
            )
            tell(change, Scope(resource: resource, namespace: nil, name: nil))
            tell(change, Scope(resource: resource, namespace: nil, name: name))
            guard let namespace else { continue }
            tell(change, Scope(resource: resource, namespace: namespace, name: nil))
            tell(change, Scope(resource: resource, namespace: namespace, name: name))
        }
    }

    private func tell(_ change: SharedChange, _ scope: Scope) {
        for channel in scopes[scope] ?? [] where !channel.watchers.isEmpty {
            guard channel.offer(change), !channel.isQueued else { continue }
            channel.isQueued = true
            telling.append(channel)
        }
    }

    // MARK: Rounds

    /// When `tend` should be called again, at the latest.
    var nextWake: Instant? {
        var wake = due.next
        if !telling.isEmpty { wake = pacer.next }
        if let rests = catching.lazy.map(\.restsUntil).min() { wake = min(wake ?? rests, rests) }
        return wake.map { max($0, pacer.next) }
    }

    /// Does what is due, for as long as it may.
    func tend(at now: Now) {
        guard pacer.mayBegin(at: now.instant) else { return }
        let hasWork =
            !telling.isEmpty || !catching.isEmpty || due.next.map { $0 <= now.instant } ?? false
        guard hasWork else { return }
        let start = moment
        let isTime = { [self] in moment - start < Pacer.workTime }
        tendTimes(now, while: isTime)
        if catchersFirst { catchUp(now, while: isTime) }
        tellAll(now, while: isTime)
        if !catchersFirst { catchUp(now, while: isTime) }
        catchersFirst.toggle()
        pacer.worked(from: start, to: moment)
    }

    private func tendTimes(_ now: Now, while isTime: () -> Bool) {
        while isTime(), let number = due.popDue(at: now.instant) {
            guard let watcher = watchers[number] else { continue }
            switch watcher.times.due(at: now.instant) {
            case .end:
                finish(watcher, at: now)
                continue
            case .bookmark: markPlace(watcher, at: now)
            case nil: break
            }
            due.add(number, at: max(watcher.times.next, now.instant + .milliseconds(100)))
        }
    }

    private func tellAll(_ now: Now, while isTime: () -> Bool) {
        while isTime(), let channel = telling.first {
            guard deliver(channel, now, while: isTime) else { return }
            telling.removeFirst()
            channel.isQueued = false
            guard !channel.pending.isEmpty else { continue }
            // What came meanwhile waits for the others' turn.
            channel.isQueued = true
            telling.append(channel)
        }
    }

    /// Gives a channel's batch to those who wait for it. False: time was up before all had it.
    private func deliver(_ channel: Channel, _ now: Now, while isTime: () -> Bool) -> Bool {
        if channel.batch == nil {
            guard !channel.pending.isEmpty else { return true }
            channel.tidy()
            channel.batch = Batch(channel, through: store.acknowledged, at: now.wall)
        }
        guard let batch = channel.batch else { return true }
        while batch.cursor < batch.end, batch.cursor < channel.watchers.count {
            let watcher = channel.watchers[batch.cursor]
            batch.cursor += 1
            if !watcher.isOver { give(batch, to: watcher, at: now.instant) }
            if batch.cursor % 8 == 0, batch.cursor < batch.end, !isTime() { return false }
        }
        channel.batch = nil
        return true
    }

    private func give(_ batch: Batch, to watcher: Watcher, at now: Instant) {
        guard watcher.position < batch.through, let first = batch.events.first else { return }
        if watcher.position < first.revision {
            let piece = batch.piece(isFirst: watcher.isFresh, &meters.watching)
            send(piece, batch.events.count, to: watcher, at: now)
        } else {
            send(batch.events[...], to: watcher, at: batch.now, now)
        }
        watcher.position = batch.through
    }

    /// Of these events, those that it doesn't know.
    private func send(
        _ events: ArraySlice<Channel.Pending>, to watcher: Watcher, at wall: Timestamp, _ now: Instant
    ) {
        let news = events.filter { $0.revision > watcher.position }
        guard !news.isEmpty else { return }
        let bytes = watcher.channel.form.bytes(
            news[...], isFirst: watcher.isFresh, at: wall, &meters.watching)
        send(StreamPiece(bytes), news.count, to: watcher, at: now)
    }

    // MARK: Sending

    func send(_ piece: StreamPiece, _ events: Int, to watcher: Watcher, at now: Instant) {
        guard !watcher.isOver, let room = http.room(for: watcher.exchange) else { return }
        guard room >= piece.count else { return cutOff(watcher) }
        // If the peer is gone, the server will tell.
        guard http.send(watcher.exchange, piece) == .sent else { return }
        watcher.isFresh = false
        watcher.visit.streamed += piece.count
        watcher.times.said(at: now)
        meters.watching.events += events
    }

    private func cutOff(_ watcher: Watcher) {
        meters.watching.cutOff += 1
        end(watcher, with: .tooSlow(unread: http.backlog(of: watcher.exchange) ?? 0))
    }

    /// The stream can't go on.
    func end(_ watcher: Watcher, with fault: WatchFault) {
        let bytes = watcher.channel.form.error(fault)
        watcher.visit.streamed += bytes.count
        forget(watcher, isWhole: true)
        http.finish(watcher.exchange, StreamPiece(bytes))
    }

    /// Its time is over: what it may still know is said, and where to go on.
    private func finish(_ watcher: Watcher, at now: Now) {
        if case .live = watcher.phase {
            let channel = watcher.channel
            send((channel.batch?.events ?? [])[...], to: watcher, at: now.wall, now.instant)
            if let batch = channel.batch { watcher.position = max(watcher.position, batch.through) }
            send(channel.pending[...], to: watcher, at: now.wall, now.instant)
            watcher.position = max(watcher.position, store.acknowledged)
            if watcher.allowsBookmarks, watcher.told < watcher.position { bookmark(watcher, at: now.instant) }
        }
        guard !watcher.isOver else { return }
        forget(watcher, isWhole: true)
        http.finish(watcher.exchange)
    }

    /// A bookmark, if nothing else is about to be said.
    private func markPlace(_ watcher: Watcher, at now: Now) {
        let channel = watcher.channel
        guard case .live = watcher.phase, channel.pending.isEmpty, channel.batch == nil,
            watcher.position <= store.acknowledged
        else { return }
        watcher.position = store.acknowledged
        bookmark(watcher, at: now.instant)
    }

    func bookmark(_ watcher: Watcher, endsInitial: Bool = false, at now: Instant) {
        let bytes = watcher.channel.form.bookmark(
            at: watcher.position, endsInitial: endsInitial, isFirst: watcher.isFresh)
        watcher.told = watcher.position
        send(StreamPiece(bytes), 1, to: watcher, at: now)
    }

    /// The daemon is about to stop.
    func endAll(at now: Now) {
        for watcher in watchers.values { finish(watcher, at: now) }
        catching = []
        telling = []
    }
}
