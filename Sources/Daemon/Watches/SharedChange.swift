import API
import Coordination

/// A change and its bytes, in each form in which somebody watches. They are written once for all.
final class SharedChange {
    let change: ObjectChange
    private var written: [Key: [UInt8]] = [:]

    private struct Key: Hashable {
        var form: WatchForm
        var kind: WatchEvent.Kind
    }

    init(_ change: ObjectChange) { self.change = change }

    var revision: Revision { change.revision }

    /// - Parameter counters: are told when something had to be encoded.
    func bytes(
        _ event: WatchEvent, in form: WatchForm, at now: Timestamp, _ counters: inout WatchCounters
    ) -> [UInt8] {
        let key = Key(form: form, kind: event.kind)
        if let bytes = written[key] { return bytes }
        counters.encodings += 1
        let bytes = form.bytes(event, isFirst: false, at: now)
        written[key] = bytes
        return bytes
    }
}

/// What has been counted of watches.
struct WatchCounters {
    /// Open now.
    var open = 0
    /// Of them, those that aren't told of changes as they happen yet.
    var catchingUp = 0
    /// Events that were sent, to each watcher.
    var events = 0
    /// How often an event was put into bytes.
    var encodings = 0
    /// Watchers that didn't read.
    var cutOff = 0
}

/// The changes of late, for those who come back after a moment: they need no disk, and share the bytes.
///
/// All that happened after `floor` is in it.
struct RecentChanges {
    private static let bytesMax = 2 * 1024 * 1024
    private static let countMax = 2048

    private struct Turn {
        var revision: Revision
        var bytes: Int
        var changes: [SharedChange]
    }

    private(set) var floor: Revision
    private var turns: [Turn] = []
    private var head = 0
    private var bytes = 0
    private var count = 0

    init(after revision: Revision) { floor = revision }

    /// Nobody watches: nothing is kept.
    mutating func skip(to revision: Revision) { self = RecentChanges(after: revision) }

    /// - Parameter bytes: of the turn, as it is stored.
    mutating func append(_ changes: [SharedChange], revision: Revision, bytes: Int) {
        turns.append(Turn(revision: revision, bytes: bytes, changes: changes))
        self.bytes += bytes
        count += changes.count
        while head < turns.count, self.bytes > Self.bytesMax || count > Self.countMax {
            floor = turns[head].revision
            self.bytes -= turns[head].bytes
            count -= turns[head].changes.count
            turns[head].changes = []
            head += 1
        }
        if head > 256, head * 2 > turns.count {
            turns.removeFirst(head)
            head = 0
        }
    }

    /// Changes after a revision, of whole turns, and how far they reach; nil: not all of them are here.
    func after(_ revision: Revision, atLeast wanted: Int) -> (changes: [SharedChange], end: Revision)? {
        guard revision >= floor else { return nil }
        var low = head
        var high = turns.count
        while low < high {
            let middle = (low + high) / 2
            if turns[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        var found: [SharedChange] = []
        var end = revision
        for turn in turns[low...] where found.count < wanted {
            found.append(contentsOf: turn.changes)
            end = turn.revision
        }
        return (found, end)
    }
}
