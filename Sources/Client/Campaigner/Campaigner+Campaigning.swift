/// Asking to be elected, waiting on the stream, and asking again when it breaks.
struct Candidacy: Equatable, Sendable {
    /// The revision of a marker that is to be replaced.
    var supersedes: Int64?
    var request: Campaigner.RequestID?
    var retryAt: Moment?
    var failures = 0
    /// Since when nothing was heard of the server.
    var outageSince: Moment?
    var lastOutage = ""
    /// How often in a row a limit of the server was met.
    var limited = 0

    mutating func heard() -> Bool {
        defer {
            failures = 0
            outageSince = nil
            limited = 0
        }
        return outageSince != nil
    }
}

extension Campaigner {
    mutating func campaign(supersedes: Int64?, at now: Moment) {
        ask(Candidacy(supersedes: supersedes))
    }

    private mutating func ask(_ candidacy: Candidacy) {
        var candidacy = candidacy
        candidacy.retryAt = nil
        candidacy.request = send(.campaign(supersedes: candidacy.supersedes), timeout: nil)
        phase = .campaigning(candidacy)
    }

    private mutating func askLater(_ candidacy: Candidacy, at moment: Moment) {
        var candidacy = candidacy
        candidacy.request = nil
        candidacy.retryAt = moment
        phase = .campaigning(candidacy)
    }

    mutating func campaigning(_ candidacy: Candidacy, _ event: Event, at now: Moment) {
        switch event {
        case .answered(let id, let reply) where id == candidacy.request:
            campaignAnswered(candidacy, reply, at: now)
        case .signalled(let number):
            cancel(candidacy.request)
            finish(.interrupted(number))
        case .timePassed: campaignDue(candidacy, at: now)
        default: break
        }
    }

    private mutating func campaignAnswered(_ candidacy: Candidacy, _ reply: Reply, at now: Moment) {
        var candidacy = candidacy
        if case .unknown(let outage) = reply {
            if outage.isLimit { return campaignLimited(candidacy, outage, at: now) }
            return campaignFailed(candidacy, outage, at: now)
        }
        if candidacy.heard() { say(.reachedAgain) }
        phase = .campaigning(candidacy)
        switch reply {
        case .elected(let hold): elected(hold, at: now)
        case .done(let marker): judge(marker, at: now)
        case .failed(let marker):
            if isTrusted(marker) { finish(.failedElsewhere(marker)) } else { distrust(marker, at: now) }
        case .waiting(let waiting):
            say(.waiting(waiting))
            guard settings.waitTimeout == .zero else { break }
            cancel(candidacy.request)
            finish(.waitTimedOut)
        case .reconnect(let delay):
            let spread = backoff.delay(failures: 0, most: .milliseconds(250))
            askLater(candidacy, at: now + delay + spread)
        case .refused(let problem):
            // Somebody was faster: the marker that we found hollow isn't there any more.
            if problem.kind == "revision-differs", candidacy.supersedes != nil {
                campaign(supersedes: nil, at: now)
            } else {
                finish(.refused(problem))
            }
        case .alive, .accepted, .unknown: break
        }
    }

    private mutating func campaignFailed(_ candidacy: Candidacy, _ outage: Outage, at now: Moment) {
        var candidacy = candidacy
        let delay = backoff.delay(failures: candidacy.failures, most: .seconds(5), least: outage.retryAfter)
        let since = candidacy.outageSince ?? now
        if candidacy.outageSince == nil || candidacy.lastOutage != outage.text {
            say(.unreachable(outage, until: since + settings.unreachableTimeout))
        }
        candidacy.outageSince = since
        candidacy.lastOutage = outage.text
        candidacy.failures += 1
        askLater(candidacy, at: now + delay)
    }

    /// The server is there and has no room at the moment: that is waiting, not an outage. It ends with
    /// the wait's own time, and never in running without the lease.
    private mutating func campaignLimited(_ candidacy: Candidacy, _ outage: Outage, at now: Moment) {
        var candidacy = candidacy
        let limited = candidacy.limited + 1
        if candidacy.heard() { say(.reachedAgain) }
        let delay = backoff.delay(failures: limited, most: .seconds(15), least: outage.retryAfter)
        if limited == 1 || candidacy.lastOutage != outage.text { say(.limited(outage)) }
        candidacy.limited = limited
        candidacy.lastOutage = outage.text
        askLater(candidacy, at: now + delay)
    }

    private mutating func campaignDue(_ candidacy: Candidacy, at now: Moment) {
        if let since = candidacy.outageSince, now >= since + settings.unreachableTimeout {
            cancel(candidacy.request)
            return cannotReach(candidacy.lastOutage)
        }
        if let waitUntil, now >= waitUntil {
            cancel(candidacy.request)
            if candidacy.outageSince != nil { return finish(.unavailable(candidacy.lastOutage)) }
            return finish(.waitTimedOut)
        }
        if let retryAt = candidacy.retryAt, now >= retryAt { ask(candidacy) }
    }

    /// Fails closed, unless told to run anyway.
    mutating func cannotReach(_ why: String) {
        guard settings.runAnyway || settings.observes else { return finish(.unavailable(why)) }
        effects.append(.report(nil))
        say(settings.observes ? .unobserved(why) : .commandStartedWithoutLease)
        effects.append(.run(.command(nil)))
        phase = .working(nil, Job())
    }

    // MARK: Somebody else's marker

    private func isTrusted(_ marker: Marker) -> Bool {
        settings.trust.isEmpty
            || settings.trust.contains {
                Pattern.matches(marker.principal ?? "", $0) && marker.principal != nil
            }
    }

    /// A marker of somebody who isn't trusted proves nothing: the work is done again in its place.
    private mutating func distrust(_ marker: Marker, at now: Moment) {
        say(.untrusted(marker))
        campaign(supersedes: marker.revision, at: now)
    }

    private mutating func judge(_ marker: Marker, at now: Moment) {
        guard isTrusted(marker) else { return distrust(marker, at: now) }
        guard settings.verifies else { return finish(.done(marker)) }
        say(.verifying(marker))
        effects.append(.run(.verification(marker)))
        phase = .verifying(marker, Job())
    }

    mutating func verifying(_ marker: Marker, _ job: Job, _ event: Event, at now: Moment) {
        var job = job
        switch event {
        case .commandRefused(let code, let why): return finish(.verificationRefused(code, why))
        case .commandExited(let code): job.exitCode = code
        case .guardianLost:
            return finish(.verificationRefused(137, "the guardian of --verify's command was killed"))
        case .treeGone, .treeOutlived: return verified(marker, job, at: now)
        case .signalled(let number): interrupt(&job, number, at: now)
        case .timePassed: killIfDue(&job, at: now)
        default: break
        }
        phase = .verifying(marker, job)
    }

    /// 126 and 127 say that the judge couldn't be run, what is above that he was killed:
    /// then nothing is judged, and nothing is done again because of a typing error.
    private mutating func verified(_ marker: Marker, _ job: Job, at now: Moment) {
        if let number = interruptedBy { return finish(.interrupted(number)) }
        switch job.exitCode ?? 137 {
        case 0: finish(.done(marker))
        case let code where code >= 126:
            finish(.verificationRefused(code, Self.reason(exitCode: code, of: "the command of --verify")))
        default:
            say(.hollow(marker))
            campaign(supersedes: marker.revision, at: now)
        }
    }
}
