/// How a run ended, and its exit code.
public enum Verdict: Equatable, Sendable {
    /// The command ran: its own exit code. The result if it succeeded.
    case ran(Int32, result: [String: String] = [:])
    /// The same without a lease, because the server couldn't be reached.
    case ranWithoutLease(Int32, result: [String: String] = [:])
    /// Elected, and that was all that was wanted.
    case elected(Hold)
    /// Somebody else did it.
    case done(Marker)
    /// Somebody else failed to, for good.
    case failedElsewhere(Marker)
    /// The lease ended before the work did; the command was killed.
    case lost(String)
    case unavailable(String)
    /// The command succeeded and that couldn't be recorded.
    case unrecorded(String)
    case waitTimedOut
    case interrupted(Int32)
    case refused(Problem)
    case commandRefused(Int32, String)
    /// The command succeeded and what it wrote as its result is invalid.
    case resultInvalid(String)
    /// The command succeeded and a file of `--artifact` can't be hashed.
    case artifactsRefused(String)
    /// The command that judges a marker couldn't be run.
    case verificationRefused(Int32, String)

    public var exitCode: Int32 {
        switch self {
        case .ran(let code, _), .ranWithoutLease(let code, _): code
        case .done, .elected: 0
        case .failedElsewhere: ExitCodes.failedElsewhere
        case .lost: ExitCodes.leaseLost
        case .unavailable, .unrecorded: ExitCodes.unavailable
        case .waitTimedOut: ExitCodes.timedOut
        case .interrupted(let number): 128 + number
        case .refused(let problem): ExitCodes.of(problem)
        case .commandRefused(let code, _), .verificationRefused(let code, _): code
        case .resultInvalid: ExitCodes.badData
        case .artifactsRefused: ExitCodes.noInput
        }
    }

    /// One word for scripts.
    public var name: String {
        switch self {
        case .ran(0, _): "succeeded"
        case .ran: "command-failed"
        case .ranWithoutLease: "ran-without-lease"
        case .elected: "elected"
        case .done: "done"
        case .failedElsewhere: "failed-elsewhere"
        case .lost: "lease-lost"
        case .unavailable: "unavailable"
        case .unrecorded: "unrecorded"
        case .waitTimedOut: "wait-timed-out"
        case .interrupted: "interrupted"
        case .refused(let problem): problem.kind == "abandoned-holds" ? "abandoned" : "refused"
        case .commandRefused: "command-not-started"
        case .resultInvalid: "result-invalid"
        case .artifactsRefused: "artifact-unreadable"
        case .verificationRefused: "verification-not-started"
        }
    }

    /// What the work yielded, here or elsewhere.
    public var result: [String: String]? {
        switch self {
        case .ran(0, let result), .ranWithoutLease(0, let result): result
        case .done(let marker): marker.result
        default: nil
        }
    }
}

/// The exit codes that `baton` has of its own, after sysexits(3) where it has one.
public enum ExitCodes {
    /// EX_USAGE: the call contradicts itself, or the server says so.
    public static let usage: Int32 = 64
    /// EX_DATAERR: what the command wrote as its result is invalid.
    public static let badData: Int32 = 65
    /// EX_NOINPUT: a file that is to be hashed isn't there, isn't a file, can't be read or changes.
    public static let noInput: Int32 = 66
    /// EX_UNAVAILABLE: the server can't be reached, or doesn't let us in.
    public static let unavailable: Int32 = 69
    /// EX_TEMPFAIL: the lease ended before the work did.
    public static let leaseLost: Int32 = 75
    public static let failedElsewhere: Int32 = 76
    /// EX_NOPERM: an alias isn't what was expected, or would go backwards.
    public static let notMoved: Int32 = 77
    /// There is no marker of that name, or no such artifact in it.
    public static let noMarker: Int32 = 78
    /// A file isn't what its marker says, or a marker isn't what is there under its name.
    public static let differs: Int32 = 79
    /// Somebody's half-done work is in the way, and that was not to be passed over.
    public static let abandonedInTheWay: Int32 = 80
    /// As timeout(1).
    public static let timedOut: Int32 = 124

    public static func of(_ problem: Problem) -> Int32 {
        switch problem.kind {
        case "hold-ended", "not-the-holder": leaseLost
        case "abandoned-holds": abandonedInTheWay
        case "not-found", "held", "revision-differs", "namespace-terminating", "no-target", "aliased": 1
        case "marker-differs": differs
        case "alias-differs", "alias-backwards": notMoved
        default: [400, 409, 413, 415, 422].contains(problem.status) ? usage : unavailable
        }
    }
}
