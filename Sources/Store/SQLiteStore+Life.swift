import Coordination
import Glibc

/// What a start or a recovery found.
public struct Recovered: Sendable {
    /// The latest revision ever given here, as far as the disk knows. The next one is greater.
    public var revision: Revision
    /// 32 hexadecimal digits; another after a restore. With a revision it names a point for good.
    public var incarnation: String
    /// Leases with a hold. Each gets a full duration: renewals could not be heard meanwhile.
    public var heldLeases: [LeaseRecord]
    /// Done markers whose retention is short enough for the boot clock.
    public var expiringMarkers: [DoneMarker]
    /// What each namespace has.
    public var usage: [String: NamespaceUsage]
    /// Every namespace, in the order of their names.
    public var namespaces: [NamespaceRecord]
    /// Every alias.
    public var aliases: [AliasRecord]
    /// The journal begins after this revision: a watch from before it gets 410.
    public var compactedRevision: Revision
    /// Set after a restore until `endQuarantine`: holders that the backup doesn't know may be at work.
    public var restoredAt: Timestamp?
    /// Turns that the tables did not have yet.
    public var replayedTurns: Int
}

extension SQLiteStore {
    /// Opens, or creates, the database of a directory, on the loop. `onLoop` traps elsewhere.
    ///
    /// Refuses a directory that another daemon has (`locked`), a file that isn't ours
    /// (`foreign`), or is of a later version (`newer`).
    public static func open(
        directory: String, settings: StoreSettings = StoreSettings(),
        onLoop: @escaping @Sendable () -> Void = {}, post: @escaping Post
    ) throws(StoreError) -> (store: SQLiteStore, recovered: Recovered) {
        let lock = try DirectoryLock(directory)
        try Restore.refuseUnfinished(in: directory)
        let opened = try Opening.open(directory, settings)
        let store = SQLiteStore(
            directory: directory, settings: settings, lock: lock, onLoop: onLoop, post: post)
        do throws(StoreError) {
            let recovered = try store.take(opened)
            try store.committer.start(opened)
            return (store, recovered)
        } catch {
            for connection in [opened.reader, opened.checkpointer, opened.writer] { connection.close() }
            throw error
        }
    }

    /// After `.failed`: closes everything, opens the file anew, makes what it holds durable, and drops turns
    /// that were never acknowledged. `done` runs on the loop; commits work again if it gets a success.
    /// Until then nothing can be read. May be tried again as often as it fails.
    public func recover(done: @escaping @Sendable (Result<Recovered, StoreError>) -> Void) {
        onLoop()
        precondition(inFlight == nil && !recovering, "a recovery follows the answer to the failed turn")
        recovering = true
        recoveries += 1
        reader?.close()
        reader = nil
        let (directory, settings, keeping) = (directory, settings, acknowledged)
        committer.errand { [self] committer in
            let result: Result<Opened, StoreError>
            do throws(StoreError) {
                result = .success(
                    try committer.reopen { () throws(StoreError) in
                        try Opening.open(directory, settings, keeping: keeping)
                    })
            } catch {
                result = .failure(error)
            }
            nonisolated(unsafe) let opened = result
            post { [self] in done(finishRecovery(opened)) }
        }
    }

    private func finishRecovery(_ result: Result<Opened, StoreError>) -> Result<Recovered, StoreError> {
        onLoop()
        recovering = false
        switch result {
        case .failure(let error): return .failure(error)
        case .success(let opened):
            do throws(StoreError) { return .success(try take(opened)) } catch { return .failure(error) }
        }
    }

    /// The loop's part of an open database: the reader, and the overlay from the journal.
    private func take(_ opened: Opened) throws(StoreError) -> Recovered {
        let reader = try Reader(opened.reader)
        self.reader = reader
        acknowledged = opened.journalRevision
        batchOutstanding = false
        overlay = Overlay()
        recent.forgetAll()
        for row in opened.replayed { overlay.apply(row.turn.changes, turn: row.turn.revision) }
        let usage = try usage(reader)
        let namespaces = completeNamespaces(try namespaceRecords(reader), usage)
        shelf = NamespaceShelf(namespaces)
        return Recovered(
            revision: opened.journalRevision, incarnation: opened.meta.incarnation,
            heldLeases: try heldLeases(reader), expiringMarkers: try expiringMarkers(reader),
            usage: usage, namespaces: namespaces, aliases: try aliasRecords(reader),
            compactedRevision: opened.meta.compactedRevision, restoredAt: opened.meta.restoredAt,
            replayedTurns: opened.replayed.count)
    }

    private func heldLeases(_ reader: Reader) throws(StoreError) -> [LeaseRecord] {
        var leases = overlay.entries.values.compactMap { $0.lease?.value }.filter { $0.hold != nil }
        while try reader.lists.allHeld.step() {
            let lease = try Reader.lease(reader.lists.allHeld, 0, Key(namespace: "held", name: "?"))
            if overlay.entries[lease.key]?.lease == nil { leases.append(lease) }
        }
        return leases
    }

    private func expiringMarkers(_ reader: Reader) throws(StoreError) -> [DoneMarker] {
        var markers = overlay.entries.values.compactMap { $0.marker?.value }.filter {
            $0.retention != nil && $0.expiresAt == nil
        }
        while try reader.lists.allExpiring.step() {
            let marker = try Reader.marker(reader.lists.allExpiring, 0, Key(namespace: "expiring", name: "?"))
            if overlay.entries[marker.key]?.marker == nil { markers.append(marker) }
        }
        return markers
    }

    // MARK: Upkeep

    /// To be called about once a second: hands the rest of the overlay to the tables, drops a small piece of
    /// what is too old from journal and history. `now` is nil while wall time is not to be trusted.
    public func maintain(now: Timestamp?) {
        onLoop()
        guard !recovering else { return }
        writeBehind()
        committer.keepUp(now: now, settings, pieces: Upkeep.piecesMax)
    }

    /// The daemon elects again after a restore: the mark goes. Durable with the next turn.
    public func endQuarantine() {
        onLoop()
        committer.errand { committer in
            guard let engine = committer.healthyEngine else { return }
            engine.attempt { () throws(StoreError) in try engine.meta.remove("restored_at") }
        }
    }

    /// Writes all that is acknowledged to the tables, empties the log, lets the directory go.
    /// Waits for the commit thread. No commit may be in flight. Whoever opened the store closes it; once
    /// closed it stays so.
    public func close() {
        onLoop()
        if isClosed { return }
        isClosed = true
        precondition(inFlight == nil, "a turn is in flight")
        writeBehind()
        committer.stop()
        reader?.close()
        reader = nil
        lock.release()
    }
}
