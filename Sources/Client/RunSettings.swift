/// What `baton run` was asked to do, as far as its decisions go.
public struct RunSettings: Equatable, Sendable {
    /// True: it ends in a done marker and isn't done again. False: a lock.
    public var once = true
    /// Not elected: the command runs whatever others do, and when it ran is recorded.
    public var observes = false
    /// How a lock is shared.
    public enum Mode: Equatable, Sendable {
        case exclusive, shared
        case permits(Int)

        var permits: Int? { if case .permits(let count) = self { count } else { nil } }
    }
    public var mode = Mode.exclusive
    /// To be refused while there are abandoned holds that nobody has cleared.
    public var failsOnAbandoned = false
    /// How long a renewal lasts.
    public var duration = Duration.seconds(90)
    public var renewInterval = Duration.seconds(10)
    /// Between SIGTERM and SIGKILL when the lease is lost.
    public var grace = Duration.seconds(5)
    /// For how long a server that can't be reached is asked again.
    public var unreachableTimeout = Duration.seconds(300)
    /// For how long to wait for somebody else; nil: as long as it takes.
    public var waitTimeout: Duration?
    /// Run the command without a lease if the server can't be reached.
    public var runAnyway = false
    /// Whether a command judges a marker before it is accepted.
    public var verifies = false
    /// Only to be elected: whoever asked holds the lease by himself then.
    public var electsOnly = false
    /// The revision of a marker that is known to be hollow from the start.
    public var supersedes: Int64?
    /// Patterns of principals whose markers count; empty: everyone's.
    public var trust: [String] = []

    public init() {}

    /// What is kept free before the deadline: clocks drift, and killing takes a moment.
    public var margin: Duration { .seconds(1) + duration / 100 }

    /// How long the server may be away without harm to the work: `duration − renewInterval − grace − margin`.
    public var survivableOutage: Duration { duration - renewInterval - grace - margin }

    /// Between a signal to `baton` and SIGKILL to the child. GitHub gives a cancelled
    /// step 10 s in all: 5 for the child, 2 for the resignation, the rest to spare.
    public static let signalGrace = Duration.seconds(5)
    /// For the resignation after a signal.
    public static let farewellTimeout = Duration.seconds(2)
    /// An elected run renews at once; if the server doesn't hear it in that time, the next is elected.
    public static let confirmWithin = Duration.seconds(10)
    public static let requestTimeout = Duration.seconds(10)

    /// The contradictions in these settings, as sentences; empty if they are sound.
    public var contradictions: [String] {
        var found: [String] = []
        func check(_ isSound: Bool, _ sentence: String) { if !isSound { found.append(sentence) } }
        let show = DurationText.show
        check(duration >= .seconds(1), "--duration \(show(duration)) is under the shortest lease, 1s")
        check(duration <= .seconds(3_600), "--duration \(show(duration)) is over the longest lease, 1h")
        check(renewInterval >= .milliseconds(100), "--renew-interval \(show(renewInterval)) is under 100ms")
        check(grace >= .zero, "--grace must not be negative")
        check(
            survivableOutage > .zero,
            "--duration \(show(duration)) leaves no time for an outage of the server: it must be more than "
                + "--renew-interval \(show(renewInterval)) + --grace \(show(grace)) + margin \(show(margin)) "
                + "(1s + 1% of the duration)")
        check(
            waitTimeout.map { $0 >= .zero } ?? true, "--wait-timeout must not be negative")
        check(
            !(observes && once), "--observe leaves no marker: leave --once out")
        check(
            !observes || (mode == .exclusive && !failsOnAbandoned),
            "--observe runs whatever others do: leave --shared, --permits and --fail-on-abandoned out")
        check(once || !verifies, "--verify judges a done marker, and a lock has none: add --once or --input")
        check(
            once || trust.isEmpty, "--trust judges a done marker, and a lock has none: add --once or --input")
        check(
            !once || mode == .exclusive,
            "--shared and --permits are locks: several hold at once, and none of them ends the work for the others. "
                + "Leave out --once and --input")
        if let permits = mode.permits {
            check(
                (1...10_000).contains(permits), "--permits \(permits) is out of range: 1 to 10000 is expected"
            )
        }
        check(
            !once || !failsOnAbandoned,
            "--fail-on-abandoned is for locks: with --once or --input whoever comes next does the work again")
        return found
    }
}
