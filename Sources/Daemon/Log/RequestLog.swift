import Coordination
import Logging
import Sockets

/// A line for each request, or for those that an operator should see: answers of 500 and above, and
/// slow ones that didn't wait for anybody.
///
/// When the disk is full every request is such a one: beyond some lines a second they are counted only.
struct RequestLog {
    enum Scope: String, Sendable, CaseIterable { case none, errors, all }

    static let slow = Interval.seconds(1)
    static let linesMax = 50

    var scope: Scope
    private let log: Logger
    private var second = Instant(nanoseconds: 0)
    private var lines = 0

    init(_ scope: Scope, log: Logger) {
        self.scope = scope
        self.log = log
    }

    /// - Parameters:
    ///   - status: nil if the peer went before its answer was complete.
    ///   - peer: only asked for when a line is written; nil for one that went.
    mutating func note(
        _ visit: Visit, status: Int?, bytes: Int, at now: Instant, _ peer: @autoclosure () -> Peer?
    ) {
        let time = now - visit.arrived
        let isTrouble = (status ?? 0) >= 500 || (!visit.hasWaited && time >= Self.slow)
        guard scope == .all || (scope == .errors && isTrouble && isWithinBounds(at: now)) else { return }
        log.log(
            level: isTrouble ? .warning : .info, "request",
            metadata: [
                "requestID": "\(visit.id)", "identity": "\(visit.identity ?? "-")",
                "peer": "\(peer()?.text ?? "-")", "method": "\(visit.method)", "path": "\(visit.pathText)",
                "status": "\(status.map { String($0) } ?? "gone")", "bytes": "\(bytes)",
                "seconds": "\(Self.seconds(time))",
            ])
    }

    /// "0.000383": with all its digits, so that columns stand below each other.
    private static func seconds(_ time: Interval) -> String {
        let microseconds = max(0, time.nanoseconds) / 1000
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }

    private mutating func isWithinBounds(at now: Instant) -> Bool {
        if now - second >= .seconds(1) {
            if lines > Self.linesMax {
                log.warning(
                    "requests in trouble that have no line", metadata: ["count": "\(lines - Self.linesMax)"])
            }
            second = now
            lines = 0
        }
        lines += 1
        return lines <= Self.linesMax
    }
}
