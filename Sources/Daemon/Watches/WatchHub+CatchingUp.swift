import API
import Coordination
import Sockets
import Store

/// Changes of a few turns, read from the journal.
struct JournalPage {
    var after: Revision
    var changes: [SharedChange]
    /// How far they reach.
    var end: Revision
}

/// From the beginning of a watch to the moment at which it has been told all that is on disk.
extension WatchHub {
    /// Turns that are read from the journal before the clock is looked at.
    private static let turnsPerPage = 16
    /// A step ends with the event that exceeds this.
    private static let stepBytes = 128 * 1024
    /// How long a reader that is behind is left alone.
    private static let restTime = Interval.milliseconds(10)

    /// Each that catches up has a step, in turn.
    func catchUp(_ now: Now, while isTime: () -> Bool) {
        guard !catching.isEmpty else { return }
        let line = catching
        var done = 0
        var again: [Watcher] = []
        while done < line.count, isTime() {
            let watcher = line[done]
            done += 1
            guard !watcher.isOver else { continue }
            let isLive = watcher.restsUntil <= now.instant && step(watcher, now, while: isTime)
            if !isLive { again.append(watcher) }
        }
        catching = line[done...].filter { !$0.isOver } + again.filter { !$0.isOver }
        if catching.isEmpty { page = nil }
        meters.watching.catchingUp = catching.count
    }

    /// Whether it is live now.
    private func step(_ watcher: Watcher, _ now: Now, while isTime: () -> Bool) -> Bool {
        // All that it was sent must be with the kernel before there is more.
        guard http.room(for: watcher.exchange) == .max else {
            watcher.restsUntil = now.instant + Self.restTime
            return false
        }
        do {
            if case .listing(let pages, let isMarked) = watcher.phase {
                try list(pages, isMarked, watcher, now, while: isTime)
            }
            guard case .replaying(let isMarked) = watcher.phase else { return false }
            guard try replay(watcher, now), !watcher.isOver else { return false }
            watcher.cover = InitialCover()
            if isMarked { bookmark(watcher, endsInitial: true, at: now.instant) }
            watcher.phase = .live
            watcher.channel.watchers.append(watcher)
            return true
        } catch StoreError.compacted(let oldest) {
            end(watcher, with: .expired(watcher.position, oldest: oldest))
        } catch {
            end(watcher, with: .unavailable(.storageFailed))
        }
        return false
    }

    /// Tells of some that are there, as if they had just been created.
    private func list(
        _ pages: ObjectPages, _ isMarked: Bool, _ watcher: Watcher, _ now: Now, while isTime: () -> Bool
    ) throws {
        var pages = pages
        let (form, selection) = (watcher.channel.form, watcher.channel.selection)
        var bytes: [UInt8] = []
        var count = 0
        repeat {
            guard let page = try pages.next() else { break }
            for object in page.objects where selection.wants(object) {
                let isFirst = watcher.isFresh && count == 0
                bytes.append(
                    contentsOf: form.bytes(WatchEvent(.added, object), isFirst: isFirst, at: now.wall))
                count += 1
            }
            // Namespaces are in none, and each is a page.
            if selection.resource == .namespaces {
                watcher.cover.read("", to: pages.isDone ? nil : page.name, at: store.acknowledged)
            } else {
                watcher.cover.read(page.name, to: page.end, at: store.acknowledged)
            }
        } while bytes.count < Self.stepBytes && isTime()
        meters.watching.encodings += count
        if count > 0 { send(StreamPiece(bytes), count, to: watcher, at: now.instant) }
        watcher.phase =
            pages.isDone ? .replaying(isMarked: isMarked) : .listing(pages, isMarked: isMarked)
    }

    /// Tells of some of what happened since. Whether that was all.
    private func replay(_ watcher: Watcher, _ now: Now) throws -> Bool {
        guard watcher.position < store.acknowledged else { return true }
        let (changes, end) = try changes(after: watcher.position)
        let (form, selection) = (watcher.channel.form, watcher.channel.selection)
        var bytes: [UInt8] = []
        var count = 0
        var position = end
        for change in changes where change.revision > watcher.position {
            let seen = change.change
            guard !watcher.cover.covers(seen.namespace ?? "", seen.name, at: change.revision),
                let event = selection.event(of: seen)
            else { continue }
            if watcher.isFresh, count == 0, form.hasColumns {
                bytes.append(contentsOf: form.bytes(event, isFirst: true, at: now.wall))
                meters.watching.encodings += 1
            } else {
                bytes.append(contentsOf: change.bytes(event, in: form, at: now.wall, &meters.watching))
            }
            count += 1
            guard bytes.count < Self.stepBytes else {
                position = change.revision
                break
            }
        }
        watcher.position = position
        if count > 0 { send(StreamPiece(bytes), count, to: watcher, at: now.instant) }
        return position >= store.acknowledged
    }

    private func changes(after revision: Revision) throws -> (changes: [SharedChange], end: Revision) {
        if let found = recent.after(revision, atLeast: 200) { return found }
        if let page, page.after == revision { return (page.changes, page.end) }
        let turns = try store.journal(after: revision, limit: Self.turnsPerPage)
        let changes = turns.flatMap(\.changes).compactMap { face.seen($0).map(SharedChange.init) }
        let end = turns.last?.revision ?? store.acknowledged
        page = JournalPage(after: revision, changes: changes, end: end)
        return (changes, end)
    }
}
