import Coordination
import Dispatch
import Logging
import Sockets
import Store

/// How far an ending daemon is.
struct Stopping {
    /// For the audit record.
    let reason: String
    /// Another process wrote to the database.
    var isDeposed: Bool
    var isRecorded = false
    /// A flush took longer than it may.
    var isOverdue = false
    /// No connection is left.
    var isDrained = false
    var isOver = false
}

/// The end, in order: nothing more is accepted, and every answer closes its connection. What still comes
/// on the connections that are there is done and answered; whoever would have to wait is told to come
/// back. When all are gone and what they said is on disk, the store is closed.
extension Daemon {
    /// How long a turn that is in its flush has to come back.
    static let flushTime = Interval.seconds(1)
    /// How long connections may take then, before they are cut off.
    static let drainTime = Interval.milliseconds(1500)

    func watchSignals() {
        let loop = loop
        signals.watch(
            Signals.Handlers(
                stop: { [unowned self] number in
                    loop.post {
                        self.log.notice(
                            "stopping: waiters are told to come back", metadata: ["signal": "\(number)"])
                        self.stop(because: "signal \(number)")
                    }
                },
                reload: { [unowned self] in loop.post { self.reload() } }))
    }

    /// Somebody else wrote to the database: what memory has may be wrong, and nothing more may be said or written.
    func deposed(_ detail: String) {
        log.critical("another process wrote to the database; batond stops", metadata: ["reason": "\(detail)"])
        stop(because: detail, isDeposed: true)
        stopping?.isDeposed = true
    }

    private func stop(because reason: String, isDeposed: Bool = false) {
        guard stopping == nil else { return }
        stopping = Stopping(reason: reason, isDeposed: isDeposed)
        turns.isStopping = true
        door.isClosed = isDeposed
        herald.stopping()
        server.drain(deadline: loop.now + (Self.flushTime + Self.drainTime).nanoseconds) { [unowned self] in
            stopping?.isDrained = true
        }
        watchFlush()
    }

    /// A disk that doesn't answer must not keep the daemon from ending.
    private func watchFlush() {
        clocks.after(.milliseconds(100)) { [unowned self] in
            guard let since = turns.handedOver, Meters.moment - since >= Self.flushTime.nanoseconds else {
                return watchFlush()
            }
            stopping?.isOverdue = true
            door.isClosed = true
            door.sendWaitersAway()
        }
    }

    /// Called with each round of the loop.
    func goOnStopping() {
        guard let now = stopping, !now.isOver else { return }
        // Between turns those who still have no answer are those who wait.
        if turns.isIdle { door.sendWaitersAway() }
        guard now.isDrained, turns.isIdle || now.isOverdue else { return }
        if !now.isRecorded {
            stopping?.isRecorded = true
            // The last thing that is written, so that all that was refused until now is before it. A disk
            // that did not answer in time isn't asked again.
            if !now.isOverdue {
                desk.close(with: .stop(configuration, because: now.reason, at: clocks.now.wall))
                return loop.post {}
            }
        }
        stopping?.isOver = true
        if now.isDeposed {
            log.notice("stopped; start batond again when nobody else writes")
        } else if turns.isCommitting {
            log.error("the disk did not answer: what was being written is unknown")
        } else {
            store.close()
            log.notice("stopped")
        }
        gate.issuers.stop()
        stopped.signal()
    }
}
