import JSON

/// What a notice says to a person: who, until when, and what happens next.
public enum NoticeText {
    /// Nil for what needs no line of its own.
    public static func line(_ notice: Campaigner.Notice, lease: String, at now: Moment) -> String? {
        /// To the nearest second: "4m59s" would be 5m less the microseconds until here.
        func left(_ moment: Moment) -> String {
            let left = max(moment - now, .zero)
            return DurationText.show(left < .seconds(10) ? left : left + .milliseconds(500))
        }
        switch notice {
        case .waiting(let waiting): return Self.waiting(waiting, lease: lease)
        case .unreachable(let outage, let until):
            return "no answer: \(outage.text); trying again for \(left(until))"
        case .limited(let outage): return "the server has no room for us yet: \(outage.text); asking again"
        case .reachedAgain: return "the server answers again"
        case .elected(let hold): return elected(hold, lease: lease)
        case .observing(let hold): return "observing \(lease), token \(hold.token): nobody is kept away"
        case .electionLost(let why): return "the election was lost before the work began: \(why)"
        case .commandStarted(_, let survives):
            return "running; the server may be away for \(DurationText.show(survives)) without harm to it"
        case .commandStartedWithoutLease:
            return "WARNING: the server can't be reached: running WITHOUT the lease, as --run-anyway allows"
        case .unobserved(let why): return "WARNING: this run is not recorded: \(why)"
        case .renewalFailed(let outage, let killAt):
            return
                "can't renew: \(outage.text); the command is stopped in \(left(killAt)) unless that changes"
        case .renewedAgain: return "renewed again; all is well"
        case .untrusted(let marker):
            return "\(lease) was done by \(marker.principal ?? "nobody that is known"), who isn't trusted "
                + "(--trust): doing it again"
        case .verifying: return "\(lease) is done already; verifying that"
        case .hollow(let marker):
            return "--verify says that what \(marker.holder) did isn't there any more: doing it again"
        case .losing(let why): return "the lease is lost: \(why); stopping the command"
        case .interrupted(let number): return "got signal \(number): passed on to the command"
        case .killing: return "the command didn't end: killing it"
        case .treeOutlives(let pids):
            return "WARNING: processes that the command left can't be killed: "
                + pids.map(String.init).joined(separator: " ")
        case .settlementFailed(let outage, let until):
            return
                "the work is over, and the server can't be told: \(outage.text); trying again for \(left(until))"
        case .completed: return "\(lease) is done; the others have the result"
        case .resigned(.released): return "the lease is given back"
        case .resigned(let outcome): return "the lease is given back: \(outcome.rawValue)"
        case .notResigned(let why): return "the lease was not given back, and ends by itself: \(why)"
        }
    }

    private static func elected(_ hold: Hold, lease: String) -> String {
        var text = "elected: \(lease) is ours, token \(hold.token)"
        for other in hold.also { text += "; \(other.name), token \(other.token)" }
        if hold.attempt > 1 {
            text += ", attempt \(hold.attempt)" + (hold.maxAttempts.map { " of \($0)" } ?? "")
        }
        if !hold.abandoned.isEmpty {
            text += "; abandoned before us: " + hold.abandoned.joined(separator: "; ")
        }
        guard let previous = hold.previous else { return text }
        let why = previous.reason.map { ": \($0)" } ?? ""
        let isOpen = previous.end == "expired" || previous.end == "abandoned"
        return text + " (the last holder, \(previous.holder), \(ending(previous.end))\(why))"
            + (isOpen ? "; its work may be half done" : "")
    }

    private static func ending(_ end: String) -> String {
        switch end {
        case "completed": "completed it"
        case "resigned": "resigned"
        case "failed": "failed"
        case "expired": "let it expire"
        case "abandoned": "died"
        case "revoked": "was revoked by an operator"
        default: "ended as \(end)"
        }
    }

    /// The place comes first: a live line is cut at the terminal's width.
    static func waiting(_ waiting: Waiting, lease: String) -> String {
        if let goal = waiting.goal { return Self.waiting(waiting, until: goal) }
        var text = "waiting for \(lease)"
        if let position = waiting.position {
            text += ", place \(position)" + (waiting.queueLength.map { " of \($0)" } ?? "")
        }
        if waiting.reason == "RestoreQuarantine" {
            return text + ": the server was restored from a backup and elects nobody for a while"
        }
        guard let holders = holders(waiting) else { return text + others(waiting) }
        text += ": held by \(holders)"
        if let left = waiting.remaining { text += ", \(DurationText.show(left)) left unless renewed" }
        if let url = waiting.runURL { text += " (\(url))" }
        return text + others(waiting)
    }

    /// What else is waited for at the same time.
    private static func others(_ waiting: Waiting) -> String {
        waiting.also.map { other in
            let place = other.position.map { ", place \($0)" } ?? ""
            return "; and for \(other.name)\(place)" + (other.holder.map { ": held by \($0)" } ?? "")
        }.joined()
    }

    /// `push-1 and 2 others since 05:01:02Z (pushing)`.
    private static func holders(_ waiting: Waiting) -> String? {
        guard var text = waiting.holder else { return nil }
        if let count = waiting.holders, count > 1 {
            text += " and \(count - 1) other\(count == 2 ? "" : "s")"
        }
        if waiting.reason == "SameIdentityHolds" { text += ", our own identity in another process" }
        if let since = waiting.since { text += " since \(clock(since))" }
        if let phase = waiting.phase { text += " (\(phase))" }
        return text
    }

    private static func waiting(_ waiting: Waiting, until goal: String) -> String {
        var text = "waiting until \(goal)"
        if let left = waiting.left, left > 0 {
            text += ": \(left) \(waiting.leftAre)\(left == 1 ? "" : "s") left"
        }
        if waiting.reason == "Quiet", let remaining = waiting.remaining {
            text += ": \(DurationText.show(remaining)) to go"
        }
        if let holders = holders(waiting) { text += ", held by \(holders)" }
        return text
    }

    /// `2026-11-21T05:01:02.123456Z` → `05:01:02Z`.
    static func clock(_ time: String) -> String {
        guard let t = time.firstIndex(of: "T") else { return time }
        let seconds = time[time.index(after: t)...].prefix(8)
        return "\(seconds)Z"
    }
}

extension Verdict {
    /// What to say at the end and what to do next; nil when all is said.
    public func text(lease: String) -> String? {
        switch self {
        case .ran(0, _), .ranWithoutLease(0, _): nil
        case .ran(let code, _), .ranWithoutLease(let code, _):
            Campaigner.reason(exitCode: code, of: "the command")
        case .elected: nil
        case .done(let marker): "\(lease) was done by \(marker.holder)" + Self.when(marker)
        case .failedElsewhere(let marker):
            "\(lease) has failed: \(marker.reason ?? "no reason was given") (last tried by \(marker.holder)"
                + Self.when(marker) + "). A failure is forgotten after the server's failedRetention; "
                + "an operator can delete the marker before that"
        case .lost(let why):
            "the lease was lost: \(why). The command was stopped; somebody else may be at the same work now"
        case .unavailable(let why):
            "gave up: \(why). Nothing was run. Check that batond runs and that BATON_SERVER names it"
        case .unrecorded(let why):
            "the command succeeded, and that could not be recorded: \(why). Somebody else will do it again"
        case .waitTimedOut: "gave up waiting for \(lease): --wait-timeout is over. Nothing was run"
        case .interrupted(let number): "ended by signal \(number)"
        case .refused(let problem): Self.refusal(problem)
        case .commandRefused(_, let why): "the command could not be started: \(why)"
        case .resultInvalid(let why):
            "the command succeeded, but its result file ($BATON_RESULT) is invalid: \(why)"
        case .artifactsRefused(let why): "the command succeeded, but can't be recorded as done: \(why)"
        case .verificationRefused(_, let why): "\(why): nothing was verified and nothing was run"
        }
    }

    /// With a line for each hold that was abandoned.
    private static func refusal(_ problem: Problem) -> String {
        guard problem.kind == "abandoned-holds", let holds = problem.json?["abandoned"]?.array else {
            return "the server refuses: \(problem.text)"
        }
        let beyond = problem.json?["abandonedBeyond"]?.integer ?? 0
        return "nothing was run: the work of others may be half done (--fail-on-abandoned)\n"
            + holds.map { "  \(AbandonedText.line($0))\n" }.joined()
            + (beyond > 0 ? "  and \(beyond) more before these\n" : "")
            + "Look after each, then: baton clear-abandoned NAME --token TOKEN --reason TEXT. "
            + "Or run the same work again: when it ends well, that clears it"
    }

    private static func when(_ marker: Marker) -> String {
        marker.endTime.map { " at \($0.prefix(19))Z" } ?? ""
    }
}
