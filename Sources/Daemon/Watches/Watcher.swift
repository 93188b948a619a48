import API
import Coordination
import Sockets

/// One watch: a stream, and how far it is.
final class Watcher {
    let exchange: ExchangeID
    var visit: Visit
    let channel: Channel
    /// Who is counted for it.
    let client: String?
    let allowsBookmarks: Bool
    var times: WatchTimes
    var phase: Phase
    /// All that happened up to here, it was sent.
    var position: Revision
    /// What the last event or bookmark said of that.
    var told: Revision = 0
    /// Nothing was sent yet: the first event may differ from all others.
    var isFresh = true
    var isOver = false
    /// While it catches up: its reader is behind until then.
    var restsUntil = Instant(nanoseconds: 0)

    enum Phase {
        /// What is there goes out in pages; then what happened since it began.
        case listing(ObjectPages, isMarked: Bool)
        /// What happened since `position`, but for what the list covers.
        case replaying(isMarked: Bool)
        case live
    }
    /// What the list has told; empty without one, and once all is told that happened meanwhile.
    var cover = InitialCover()

    init(
        _ visit: Visit, _ channel: Channel, client: String?, allowsBookmarks: Bool, times: WatchTimes,
        phase: Phase, position: Revision
    ) {
        exchange = visit.exchange
        self.visit = visit
        self.channel = channel
        self.client = client
        self.allowsBookmarks = allowsBookmarks
        self.times = times
        self.phase = phase
        self.position = position
    }
}

/// Those who watch the same objects in the same form: they are told the same, in the same bytes.
///
/// What happened since the last round is `pending`. A round seals it into a batch, which goes to all who were
/// there; it may take several turns of the loop, and what happens meanwhile waits for the next round. So each
/// gets everything once and in order, and `position` tells who has what already.
final class Channel {
    let selection: WatchSelection
    let form: WatchForm
    var watchers: [Watcher] = []
    var pending: [Pending] = []
    var batch: Batch?
    /// It is in the hub's queue.
    var isQueued = false
    /// Watchers of it, also those that are catching up.
    var count = 0

    struct Pending {
        let change: SharedChange
        let event: WatchEvent
        var revision: Revision { change.revision }
    }

    init(_ selection: WatchSelection, _ form: WatchForm) {
        self.selection = selection
        self.form = form
    }

    /// A change of what it may be about. Whether it is.
    func offer(_ change: SharedChange) -> Bool {
        guard let event = selection.event(of: change.change) else { return false }
        pending.append(Pending(change: change, event: event))
        return true
    }

    /// Between rounds those that are over are forgotten.
    func tidy() { watchers.removeAll { $0.isOver } }
}

/// What goes out in one round.
final class Batch {
    let events: [Channel.Pending]
    /// Whoever got it knows all up to here.
    let through: Revision
    /// The next to get it, and the end of those who were there when it was sealed.
    var cursor = 0
    let end: Int
    let now: Timestamp
    private let form: WatchForm
    private var shared: StreamPiece?
    private var opening: StreamPiece?

    init(_ channel: Channel, through: Revision, at now: Timestamp) {
        events = channel.pending
        channel.pending = []
        form = channel.form
        end = channel.watchers.count
        self.through = through
        self.now = now
    }

    /// For all but those whose stream begins with it, where that makes a difference.
    func piece(isFirst: Bool, _ counters: inout WatchCounters) -> StreamPiece {
        if isFirst, form.hasColumns {
            if let opening { return opening }
            let piece = StreamPiece(form.bytes(events[...], isFirst: true, at: now, &counters))
            opening = piece
            return piece
        }
        if let shared { return shared }
        let piece = StreamPiece(form.bytes(events[...], isFirst: false, at: now, &counters))
        shared = piece
        return piece
    }
}

extension WatchForm {
    /// Events behind one another.
    func bytes(
        _ events: ArraySlice<Channel.Pending>, isFirst: Bool, at now: Timestamp,
        _ counters: inout WatchCounters
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        var isFirst = isFirst && hasColumns
        for event in events {
            if isFirst {
                counters.encodings += 1
                bytes.append(contentsOf: self.bytes(event.event, isFirst: true, at: now))
                isFirst = false
            } else {
                bytes.append(contentsOf: event.change.bytes(event.event, in: self, at: now, &counters))
            }
        }
        return bytes
    }
}
