import CSQLite
import Glibc

/// Copies the log into the database, on a thread and a connection of its own.
///
/// Passive: it waits for nobody and nobody waits for it; a commit pays for none of it.
///
/// SQLite before 3.51.3 has a race (https://sqlite.org/wal.html#walresetbug): a
/// checkpoint that begins when the log is copied in full already, while a commit
/// begins the log anew, may mark frames as copied that aren't, and the database is
/// corrupted. Only a log that is copied in full can begin anew. So after a checkpoint
/// that copied everything the next one waits for two more commits: the first may have
/// been under way meanwhile, the second began afterwards, and since then the log has
/// had frames that no checkpoint has copied.
final class Checkpointer: @unchecked Sendable {
    private let monitor = Monitor()
    /// Held while a checkpoint runs.
    private let busy = Monitor()
    private let connection: Connection
    private let settings: StoreSettings
    private var thread: Thread?

    // Guarded by the monitor.
    private var commits: UInt64 = 0
    private var logBytes: Int64 = 0
    private var notBefore: UInt64 = 0
    private var threshold: Int64
    private var stopping = false
    private var failure: String?
    private var completions: UInt64 = 0
    private var copiedBytes: Int64 = 0
    /// How often the log began anew.
    private var restarts: UInt64 = 0

    init(_ connection: Connection, settings: StoreSettings) {
        nonisolated(unsafe) let connection = connection
        self.connection = connection
        self.settings = settings
        threshold = settings.checkpointBytes
        thread = Thread(name: "baton-checkpt") { [self] in
            connection.adopt()
            // Linux: 0 is the calling thread, not the process.
            baton_lower_thread_priority()
            run()
            connection.close()
        }
    }

    /// After each commit: how many there were, how long the log is.
    func note(commits: UInt64, logBytes: Int64) {
        let due = monitor.locked {
            // The log began anew: what was in the way is gone.
            if logBytes < self.logBytes {
                threshold = settings.checkpointBytes
                copiedBytes = 0
                restarts += 1
            }
            self.commits = commits
            self.logBytes = logBytes
            return isDue
        }
        if due { monitor.signal {} }
    }

    /// A checkpoint that failed with an I/O error or a failed flush: the disk can't be trusted.
    var trouble: String? { monitor.locked { failure } }

    /// Bytes of the log that no checkpoint has copied.
    func uncopied(of logBytes: Int64) -> Int64 { monitor.locked { logBytes - copiedBytes } }

    /// Checkpoints that copied the whole log.
    var completed: UInt64 { monitor.locked { completions } }

    /// Runs `body`, which may copy the whole log itself, while no checkpoint does. The next one waits as it would
    /// after another checkpoint. - Parameter commits: how many there were.
    func paused<T>(commits: UInt64, _ body: () -> T) -> T {
        busy.locked {
            defer {
                monitor.signal {
                    self.commits = commits
                    notBefore = commits + 2
                }
            }
            return body()
        }
    }

    /// Waits until none is due.
    func settle() { monitor.wait { isDue ? nil : () } }

    func stop() {
        monitor.signal { stopping = true }
        // Joined once: a thread's id is given to another after that.
        thread.take()?.join()
    }

    private var isDue: Bool { failure == nil && logBytes > threshold && commits >= notBefore }

    private func run() {
        while monitor.wait(for: { stopping ? false : isDue ? true : nil }) {
            busy.locked {
                // It may have been due for a log that has begun anew since.
                if monitor.locked({ isDue }) { checkpoint() }
            }
        }
    }

    private func checkpoint() {
        let before = monitor.locked { restarts }
        do throws(StoreError) {
            let (logged, copied) = try connection.checkpoint(SQLITE_CHECKPOINT_PASSIVE)
            // SQLite does so only if it copied what was written meanwhile, too. Otherwise the turn that waits for
            // the log to begin anew would wait for all of it.
            try connection.flushDatabase()
            monitor.signal { note(logged: logged, copied: copied, restartsBefore: before) }
        } catch {
            monitor.signal { note(error) }
        }
    }

    private func note(logged: Int32, copied: Int32, restartsBefore: UInt64) {
        notBefore = commits + 2
        // If that was all of the log it begins anew at the next commit, and the threshold is as at first.
        // If not, because of commits meanwhile or a reader, there is nothing to do until it has grown.
        // But when it is to begin anew, the less is left the shorter is the wait for it.
        threshold =
            logBytes >= settings.restartBytes
            ? logBytes + settings.restartRestBytes
            : min(logBytes + settings.checkpointBytes, settings.restartBytes)
        // What it copied may be of a log that has begun anew since: a flush takes time.
        copiedBytes = restarts == restartsBefore ? Engine.logBytes(frames: copied) : 0
        if logged == copied { completions += 1 }
    }

    private func note(_ error: StoreError) {
        notBefore = commits + 2
        threshold = logBytes + settings.checkpointBytes
        if case .io(_, let code, let errno) = error {
            if [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL].contains(code & 0xff) { return }
            if code & 0xff == SQLITE_IOERR && code != Code.fsync && Code.wantsSpace(errno) { return }
        }
        failure = "\(error)"
    }
}
