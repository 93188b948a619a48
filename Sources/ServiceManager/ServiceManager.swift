import Glibc

/// What systemd, or whoever starts the daemon in its way, hands over at the start and wants to hear
/// of later: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3), written anew since the protocols are
/// a few environment variables and one datagram socket.
public struct ServiceManager: Sendable {
    /// Sockets that are bound and listen already, in the order given.
    public let sockets: [GivenSocket]
    /// nil if nobody wants to hear.
    public let notifier: Notifier?
    /// The silence after which the manager kills the daemon, in nanoseconds; nil: it doesn't watch.
    public let watchdog: Int64?

    /// What the environment says to the process with this id.
    ///
    /// - Throws: `ServiceManagerError` for variables that contradict themselves.
    public init(environment: [String: String], process: Int32) throws(ServiceManagerError) {
        sockets = try GivenSocket.read(environment, process: process)
        notifier = environment["NOTIFY_SOCKET"].flatMap(Notifier.init)
        watchdog = try Self.watchdog(environment, process)
    }

    /// The same of this process. The variables go, since they mean nobody but it.
    public static func take(_ environment: [String: String]) throws(ServiceManagerError) -> ServiceManager {
        let manager = try ServiceManager(environment: environment, process: getpid())
        for name in variables { unsetenv(name) }
        return manager
    }

    private static let variables = [
        "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
    ]

    private static func watchdog(
        _ environment: [String: String], _ process: Int32
    ) throws(ServiceManagerError) -> Int64? {
        guard let text = environment["WATCHDOG_USEC"] else { return nil }
        // sd_watchdog_enabled(3): without a process id it is meant for whoever reads it.
        if let pid = environment["WATCHDOG_PID"], Int32(pid) != process { return nil }
        guard let microseconds = Int64(text), microseconds > 0, microseconds < Int64.max / 1000 else {
            throw ServiceManagerError("WATCHDOG_USEC: \(text) is not a number of microseconds")
        }
        return microseconds * 1000
    }
}

/// What a manager handed over makes no sense.
public struct ServiceManagerError: Error, CustomStringConvertible, Equatable {
    public let description: String
    init(_ description: String) { self.description = description }
}
