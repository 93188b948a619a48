extension Campaigner {
    /// Numbers requests, so that the answer to one that was given up isn't taken for another's.
    public typealias RequestID = Int

    /// What happened.
    public enum Event: Equatable, Sendable {
        case started
        /// A campaign may be answered many times: its stream goes on.
        case answered(RequestID, Reply)
        /// The program couldn't be started: 126, 127.
        case commandRefused(exitCode: Int32, String)
        /// As a shell says it: 128+n by a signal. What it left behind may still run.
        case commandExited(Int32)
        /// Nothing that the command started is left.
        case treeGone
        /// Some of it can't be killed.
        case treeOutlived([Int32])
        /// The guardian has begun to kill, because the deadline came near.
        case deadmanFired
        /// The guardian is gone, and the command's tree with it.
        case guardianLost
        case resultRead([String: String], artifacts: [Artifact] = [])
        case resultRefused(String)
        /// A file of `--artifact` can't be hashed.
        case artifactsRefused(String)
        case signalled(Int32)
        case timePassed
    }

    /// What is to be done, in this order.
    public enum Effect: Equatable, Sendable {
        /// To be answered by `answered`, with `unknown` after the timeout; a campaign
        /// has none, only a limit of silence.
        case send(RequestID, Request, timeout: Duration?)
        /// No answer is wanted any more.
        case cancel(RequestID)
        case run(Work)
        case signalCommand(Int32)
        case endTree(grace: Duration)
        case armDeadman(termAt: Moment, killAt: Moment)
        case disarmDeadman
        /// What the guardian is to do for us if we are killed from now on.
        case report(Report?)
        /// And hash the artifacts.
        case readResult
        case say(Notice)
        case finish(Verdict)
    }

    public enum Request: Equatable, Sendable {
        case campaign(supersedes: Int64?)
        /// `also` are the hold's other names: one request each, and one answer for all.
        case renew(token: Int64, also: [OtherHold] = [])
        case complete(token: Int64, result: [String: String], artifacts: [Artifact] = [])
        case resign(token: Int64, Resignation, reason: String?, also: [OtherHold] = [])
    }

    public enum Resignation: String, Equatable, Sendable { case released, failed, abandoned }

    public enum Work: Equatable, Sendable {
        /// The command; without a hold if the server couldn't be reached and that was allowed.
        case command(Hold?)
        /// The command that judges a marker.
        case verification(Marker)
    }

    /// The resignation that the guardian sends for a baton that was killed.
    public struct Report: Equatable, Sendable {
        public var token: Int64
        public var outcome: Resignation
        public var also: [OtherHold]

        public init(token: Int64, outcome: Resignation, also: [OtherHold] = []) {
            self.also = also
            self.token = token
            self.outcome = outcome
        }
    }

    /// What a person who looks on should know.
    public enum Notice: Equatable, Sendable {
        case waiting(Waiting)
        case unreachable(Outage, until: Moment)
        /// A limit of the server keeps us from waiting in its queue.
        case limited(Outage)
        case reachedAgain
        case elected(Hold)
        /// Instead, for a run that only observes.
        case observing(Hold)
        case electionLost(String)
        case commandStarted(Hold, survives: Duration)
        case commandStartedWithoutLease
        /// Of a run that only observes: from here on nothing of it is recorded.
        case unobserved(String)
        case renewalFailed(Outage, killAt: Moment)
        case renewedAgain
        case untrusted(Marker)
        case verifying(Marker)
        case hollow(Marker)
        case losing(String)
        case interrupted(Int32)
        case killing
        case treeOutlives([Int32])
        case settlementFailed(Outage, until: Moment)
        case completed
        case resigned(Resignation)
        case notResigned(String)

        /// Whether it is so until something else is said.
        public var goesOn: Bool {
            switch self {
            case .waiting, .unreachable, .limited, .renewalFailed, .settlementFailed: true
            default: false
            }
        }
    }
}
