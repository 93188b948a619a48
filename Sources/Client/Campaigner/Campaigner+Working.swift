extension Campaigner {
    /// The answer may have been long on its way: nothing begins before a renewal is answered.
    mutating func elected(_ hold: Hold, at now: Moment) {
        effects.append(.report(Report(token: hold.token, outcome: .released, also: hold.also)))
        say(settings.observes ? .observing(hold) : .elected(hold))
        var tenure = Tenure(hold, at: now)
        renewIfDue(&tenure, at: now)
        phase = .confirming(tenure)
    }

    mutating func confirming(_ tenure: Tenure, _ event: Event, at now: Moment) {
        var tenure = tenure
        switch event {
        case .answered(let id, let reply) where id == tenure.request:
            return confirmationAnswered(tenure, reply, at: now)
        case .signalled(let number):
            interruptedBy = number
            cancel(tenure.request)
            say(.interrupted(number))
            return settle(tenure, .resign(.released, nil), .interrupted(number), at: now)
        case .timePassed:
            if let since = tenure.failingSince, now >= since + settings.unreachableTimeout {
                cancel(tenure.request)
                return cannotReach("the election could not be confirmed")
            }
            renewIfDue(&tenure, at: now)
        default: break
        }
        phase = .confirming(tenure)
    }

    private mutating func confirmationAnswered(_ tenure: Tenure, _ reply: Reply, at now: Moment) {
        var tenure = tenure
        switch reply {
        case .accepted:
            tenure.renewed(settings)
            // Who only wants to be elected has no command to end in time: a lease of a second would never do.
            let end = settings.electsOnly ? tenure.deadline : tenure.termAt(settings)
            if let end, now < end { return begin(tenure) }
            // We were stopped meanwhile: this answer is worth nothing any more.
            tenure.nextAt = now
            renewIfDue(&tenure, at: now)
        case .refused(let problem) where problem.status == 409:
            say(.electionLost(problem.text))
            // Others of its names may be ours still: whoever campaigns with them would be refused.
            if !tenure.hold.also.isEmpty {
                return settle(tenure, .resign(.released, nil), .lost(problem.text), at: now)
            }
            effects.append(.report(nil))
            return campaign(supersedes: nil, at: now)
        case .refused(let problem): return finish(.refused(problem))
        case .unknown(let outage):
            if tenure.failures == 0 {
                say(.unreachable(outage, until: now + settings.unreachableTimeout))
            }
            renewalFailed(&tenure, outage, at: now)
        default: break
        }
        phase = .confirming(tenure)
    }

    /// The deadman is armed before the command is there: no moment is unguarded.
    private mutating func begin(_ tenure: Tenure) {
        if settings.electsOnly { return finish(.elected(tenure.hold)) }
        effects.append(.report(Report(token: tenure.hold.token, outcome: .abandoned, also: tenure.hold.also)))
        if !settings.observes { arm(tenure) }
        if !settings.observes { say(.commandStarted(tenure.hold, survives: settings.survivableOutage)) }
        effects.append(.run(.command(tenure.hold)))
        phase = .working(tenure, Job())
    }

    private mutating func arm(_ tenure: Tenure) {
        guard let termAt = tenure.termAt(settings), let killAt = tenure.killAt(settings) else { return }
        effects.append(.armDeadman(termAt: termAt, killAt: killAt))
    }

    mutating func working(_ tenure: Tenure?, _ job: Job, _ event: Event, at now: Moment) {
        var (tenure, job) = (tenure, job)
        switch event {
        case .answered(let id, .refused(let problem)) where id == tenure?.request && settings.observes:
            // Nobody's work is in danger: the command goes on.
            effects.append(.report(nil))
            say(.unobserved(problem.text))
            tenure = nil
        case .answered(let id, let reply) where id == tenure?.request && tenure != nil:
            renewalAnswered(&tenure!, &job, reply, at: now)
        case .commandExited(let code): job.exitCode = code
        // What the command left behind was killed then; the work itself was over.
        case .deadmanFired where job.exitCode == nil:
            lose(&tenure, &job, "no renewal was answered in time", byDeadman: true)
        // While artifacts are hashed there is no command to pass it on to, and no time to go on.
        case .signalled(let number) where job.isOver:
            interruptedBy = number
            say(.interrupted(number))
            return settle(tenure, .resign(.released, nil), .interrupted(number), at: now)
        case .signalled(let number): interrupt(&job, number, at: now)
        case .timePassed: workDue(&tenure, &job, at: now)
        case .commandRefused, .treeGone, .treeOutlived, .guardianLost, .resultRead, .resultRefused,
            .artifactsRefused:
            return workEnded(tenure, job, event, at: now)
        default: break
        }
        phase = .working(tenure, job)
    }

    private mutating func workDue(_ tenure: inout Tenure?, _ job: inout Job, at now: Moment) {
        killIfDue(&job, at: now)
        guard var held = tenure else { return }
        renewIfDue(&held, at: now)
        tenure = held
        guard job.exitCode == nil, !settings.observes, let termAt = held.termAt(settings), now >= termAt
        else { return }
        lose(&tenure, &job, "no renewal was answered in time")
    }

    private mutating func renewalAnswered(
        _ tenure: inout Tenure, _ job: inout Job, _ reply: Reply, at now: Moment
    ) {
        switch reply {
        case .accepted:
            if tenure.failures > 0 { say(.renewedAgain) }
            tenure.renewed(settings)
            if job.ending == nil, !settings.observes { arm(tenure) }
        case .refused(let problem):
            tenure.stopRenewing()
            guard job.exitCode == nil else { return }
            let isKnown = problem.status == 409
            lose(&tenure, &job, problem.text, isKnown: isKnown)
        case .unknown(let outage):
            renewalFailed(&tenure, outage, at: now)
            if tenure.failures == 1, !settings.observes, let termAt = tenure.termAt(settings) {
                say(.renewalFailed(outage, killAt: termAt))
            }
        default: break
        }
    }

    private mutating func lose(
        _ tenure: inout Tenure?, _ job: inout Job, _ why: String, byDeadman: Bool = false
    ) {
        guard var held = tenure else { return }
        lose(&held, &job, why, byDeadman: byDeadman)
        tenure = held
    }

    private mutating func lose(
        _ tenure: inout Tenure, _ job: inout Job, _ why: String, byDeadman: Bool = false,
        isKnown: Bool = false
    ) {
        if case .lost? = job.ending { return }
        cancel(tenure.request)
        tenure.stopRenewing()
        job.ending = .lost(why, isKnown: isKnown)
        say(.losing(why))
        // The guardian's deadman keeps its own grace.
        if !byDeadman { effects.append(.endTree(grace: settings.grace)) }
    }

    /// To the command at once; SIGKILL to its tree follows.
    mutating func interrupt(_ job: inout Job, _ number: Int32, at now: Moment) {
        effects.append(.signalCommand(number))
        guard interruptedBy == nil else { return }
        interruptedBy = number
        say(.interrupted(number))
        if job.exitCode != nil { return effects.append(.endTree(grace: .zero)) }
        if job.ending == nil { job.ending = .interrupted(number) }
        job.killAt = now + RunSettings.signalGrace
    }

    mutating func killIfDue(_ job: inout Job, at now: Moment) {
        guard let killAt = job.killAt, now >= killAt else { return }
        job.killAt = nil
        say(.killing)
        effects.append(.endTree(grace: .zero))
    }
}
