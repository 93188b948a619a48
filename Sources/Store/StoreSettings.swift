import Coordination

/// What an operator may set of the store. Bytes and intervals; the defaults suit a CI fleet.
public struct StoreSettings: Sendable {
    /// Journal rows older than this are dropped once the tables have them.
    public var journalAge: Interval = .hours(24)
    /// Above this many bytes the oldest journal rows are dropped, whatever their age.
    public var journalBytes: Int64 = 256 << 20
    /// Ended holds older than this leave the history.
    public var historyAge: Interval = .hours(30 * 24)
    /// Entries of the audit record older than this are dropped.
    public var auditAge: Interval = .hours(90 * 24)
    /// Above this many entries the oldest refusals are dropped, and when there are none left, the oldest acts.
    public var auditRows: Int64 = 1_000_000
    /// Above this many bytes of WAL the checkpoint thread copies it into the database.
    public var checkpointBytes: Int64 = 32 << 20
    /// Above this many bytes of WAL one turn waits until the log begins anew.
    public var restartBytes: Int64 = 64 << 20
    /// No turn waits as long as more than this of it has still to be copied; unless the log is a quarter longer.
    public var restartRestBytes: Int64 = 4 << 20
    /// How long a turn waits for that, in milliseconds, before it goes on and tries again later.
    public var restartWaitMilliseconds: Int32 = 100
    /// How long opening and recovering wait for other processes' readers, in milliseconds.
    public var openWaitMilliseconds: Int32 = 2000
    /// Records a transaction of the readable tables may have at the most.
    public var sliceRecords = 256
    /// How long such a transaction goes on while a turn waits, in microseconds. Less, and the tables never
    /// catch up with a daemon that is never idle; more, and every turn is that much slower.
    public var sliceMicroseconds: Int64 = 400
    /// Dirty records that make the loop hand them over without waiting for `lagMilliseconds`.
    public var batchRecords = 2048
    /// How far the readable tables may lag while turns come, in milliseconds.
    public var lagMilliseconds: Int64 = 1000
    /// The VFS that SQLite opens its files with; nil is its default. For tests that break disks.
    var vfs: String?

    public init() {}
}
