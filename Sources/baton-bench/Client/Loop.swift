import CLinux
import Glibc

/// The clock that leases are timed by, in nanoseconds.
enum Clock {
    static var now: Int64 { loop_boottime() }
    static let second: Int64 = 1_000_000_000
    static let millisecond: Int64 = 1_000_000
}

/// One thread that plays every client: an epoll and the links in it.
///
/// It has to be cheap: the daemon under test runs on the same cores, and what the
/// clients use of them isn't there for the daemon.
final class Loop {
    private let epoll: Int32
    private var links: [Link?] = []
    private var free: [Int] = []
    private var events = [loop_event](repeating: loop_event(), count: Int(LOOP_EVENTS_MAX))
    /// What was received, of whichever link is being read.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    init() throws(BenchError) {
        epoll = loop_create()
        guard epoll >= 0 else { throw .system("epoll_create1", -epoll) }
    }

    deinit {
        // Their handlers may hold what holds them.
        for link in links { link?.forget() }
        buffer.deallocate()
        close(epoll)
    }

    /// Handles what happens until `wanted` is false or that moment has come.
    func run(until deadline: Int64 = .max, while wanted: () -> Bool) throws {
        while wanted() {
            guard interrupted == 0 else { throw BenchError.interrupted }
            let left = deadline - Clock.now
            guard left > 0 else { return }
            // Nothing is timed by this wait: an answer ends it.
            let patience = Int32(min(left / Clock.millisecond + 1, 100))
            let count = loop_take(epoll, &events, LOOP_EVENTS_MAX, patience)
            for index in 0..<Int(max(0, count)) {
                let event = events[index]
                try links[Int(event.token)]?.happened(event.events)
            }
        }
    }

    /// A moment in which answers may come, and nothing else is waited for.
    func run(for nanoseconds: Int64) throws { try run(until: Clock.now + nanoseconds) { true } }

    // MARK: Links

    func add(_ link: Link, _ socket: Int32) throws(BenchError) -> Int {
        let index = free.popLast() ?? links.count
        if index == links.count { links.append(link) } else { links[index] = link }
        let result = loop_register(epoll, socket, EPOLLIN.rawValue | EPOLLOUT.rawValue, UInt64(index))
        guard result >= 0 else { throw .system("epoll_ctl", -result) }
        return index
    }

    func watch(_ index: Int, _ socket: Int32, writing: Bool) {
        let events = writing ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
        _ = loop_modify(epoll, socket, events, UInt64(index))
    }

    func remove(_ index: Int) {
        links[index] = nil
        free.append(index)
    }
}

/// Set by SIGINT and SIGTERM, so that the daemon and its directory don't outlive the benchmark.
nonisolated(unsafe) var interrupted: sig_atomic_t = 0

func watchInterruptions() {
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _ in interrupted = 1 } }
    signal(SIGPIPE, SIG_IGN)
}
