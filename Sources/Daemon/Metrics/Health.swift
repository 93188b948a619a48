import API
import Coordination
import Store

/// What has to be well for the daemon to accept changes.
///
/// Asked at once and not at a turn's end: a disk that doesn't answer must not silence the one
/// who asks about it. Nothing here reveals what a turn has changed.
struct Health {
    /// Why changes aren't accepted, each with its own words for the machine that counts it.
    enum Reason: String, CaseIterable {
        case noSpace = "NoSpace"
        case storageFailed = "StorageFailed"
        case recovering = "Recovering"
        case stopping = "Stopping"
        /// The flush of a turn hasn't returned for `flushMax`.
        case storageSlow = "StorageSlow"
        /// The write-ahead log is above its limit.
        case logTooLarge = "LogTooLarge"
    }

    static let flushMax = Interval.seconds(5)

    /// Reasons and what is to be said of each, the gravest first. Empty: ready.
    private(set) var troubles: [(reason: Reason, detail: String)] = []

    init(turns: Turns, figures: StoreFigures, facts: ServerFacts) {
        if turns.isStopping { troubles.append((.stopping, "the daemon is about to stop")) }
        if let trouble = turns.trouble {
            troubles.append((Reason(rawValue: trouble.kind.rawValue) ?? .storageFailed, trouble.detail))
        }
        if let since = turns.handedOver, Meters.moment - since > Self.flushMax.nanoseconds {
            let seconds = (Meters.moment - since) / 1_000_000_000
            troubles.append((.storageSlow, "a commit has not returned for \(seconds) s"))
        }
        if figures.logBytes > facts.walBytesMax {
            let detail =
                "the write-ahead log has \(figures.logBytes) bytes; something keeps it from being copied into the database"
            troubles.append((.logTooLarge, detail))
        }
    }

    /// Why it isn't ready, in a line; nil: it is.
    var degraded: String? { troubles.first.map(Self.line) }

    func has(_ reason: Reason) -> Bool { troubles.contains { $0.reason == reason } }

    var readyChecks: [ProbeCheck] {
        [
            ProbeCheck("loop"), check("stopping", .stopping),
            check("store", .noSpace, .storageFailed, .recovering), check("commit", .storageSlow),
            check("log", .logTooLarge),
        ]
    }

    /// Whoever can answer is alive: a restart mends no full disk.
    static let liveChecks = [ProbeCheck("loop")]

    /// Not a reason to be unready: holders of other tokens, and of tokens that are known, go on.
    static func issuerChecks(_ troubles: [Issuers.Trouble]) -> [ProbeCheck] {
        troubles.map { ProbeCheck("issuer", note: "\($0.issuer): \(oneLine($0.detail))") }
    }

    private func check(_ name: String, _ reasons: Reason...) -> ProbeCheck {
        ProbeCheck(name, trouble: troubles.first { reasons.contains($0.reason) }.map(Self.line))
    }

    private static func line(_ trouble: (reason: Reason, detail: String)) -> String {
        "\(trouble.reason.rawValue): \(oneLine(trouble.detail))"
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
