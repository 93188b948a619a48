/// The command's tree is gone; what is left is to say so to the server.
struct Settlement: Equatable, Sendable {
    enum Word: Equatable, Sendable {
        case complete([String: String], [Artifact])
        case resign(Campaigner.Resignation, String?)
    }
    var tenure: Tenure
    var word: Word
    /// What the run ends with if the server accepts the word.
    var verdict: Verdict
    var giveUpAt: Moment
    var request: Campaigner.RequestID?
    var retryAt: Moment?
    var failures = 0
    var lastOutage = ""

    var order: Campaigner.Request {
        switch word {
        case .complete(let result, let artifacts):
            .complete(token: tenure.hold.token, result: result, artifacts: artifacts)
        case .resign(let outcome, let reason):
            .resign(token: tenure.hold.token, outcome, reason: reason, also: tenure.hold.also)
        }
    }
}

extension Campaigner {
    /// Nothing of the command is left, or it never began.
    mutating func workEnded(_ tenure: Tenure?, _ job: Job, _ event: Event, at now: Moment) {
        var job = job
        switch event {
        case .commandRefused(let code, let why):
            return settle(
                tenure, .resign(.failed, "its command could not be started: \(why)"),
                .commandRefused(code, why), at: now)
        case .resultRead(let result, let artifacts):
            return settle(tenure, .complete(result, artifacts), .ran(0, result: result), at: now)
        case .resultRefused(let why):
            return settle(
                tenure, .resign(.failed, "its result is invalid: \(why)"), .resultInvalid(why), at: now)
        case .artifactsRefused(let why):
            return settle(
                tenure, .resign(.failed, "an artifact can't be recorded: \(why)"), .artifactsRefused(why),
                at: now)
        case .treeOutlived(let pids):
            say(.treeOutlives(pids))
            if let ending = job.ending { return leave(ending) }
        case .guardianLost where job.exitCode == nil && job.ending == nil:
            return settle(
                tenure, .resign(.abandoned, "the guardian of its command was killed"), .ran(137), at: now)
        default: break
        }
        if job.isOver { return }
        job.isOver = true
        job.killAt = nil
        phase = .working(tenure, job)
        commandEnded(tenure, job, at: now)
    }

    private mutating func commandEnded(_ tenure: Tenure?, _ job: Job, at now: Moment) {
        switch (job.ending, job.exitCode ?? 137) {
        // Of several names the others are ours still.
        case (.lost(let why, isKnown: true), _) where tenure?.hold.also.isEmpty ?? true:
            effects += [.disarmDeadman, .report(nil)]
            finish(.lost(why))
        case (.lost(let why, _), _):
            settle(tenure, .resign(.abandoned, why), .lost(why), at: now)
        case (.interrupted(let number), _):
            settle(tenure, .resign(.released, nil), .interrupted(number), at: now)
        case (nil, 0) where settings.once: effects.append(.readResult)
        case (nil, 0): settle(tenure, .resign(.released, nil), .ran(0), at: now)
        // Ctrl-C on a terminal goes to the command alone: it is a cancel, not a failed attempt.
        case (nil, 130): settle(tenure, .resign(.released, nil), .ran(130), at: now)
        case (nil, let code):
            settle(tenure, .resign(.failed, Self.reason(exitCode: code)), .ran(code), at: now)
        }
    }

    /// Something of the tree can't be killed: the lease isn't given back, so that
    /// it keeps others away for as long as it lasts.
    private mutating func leave(_ ending: Job.Ending) {
        effects += [.disarmDeadman, .report(nil)]
        switch ending {
        case .lost(let why, _): finish(.lost(why))
        case .interrupted(let number): finish(.interrupted(number))
        }
    }

    static func reason(exitCode: Int32, of command: String = "its command") -> String {
        exitCode > 128 && exitCode <= 192
            ? "\(command) was killed by signal \(exitCode - 128) (exit code \(exitCode))"
            : "\(command) ended with exit code \(exitCode)"
    }

    // MARK: Saying it

    mutating func settle(_ tenure: Tenure?, _ word: Settlement.Word, _ verdict: Verdict, at now: Moment) {
        guard var tenure else { return finish(Self.withoutLease(verdict)) }
        effects.append(.disarmDeadman)
        var patience = settings.unreachableTimeout
        switch verdict {
        case .lost, .interrupted:
            patience = RunSettings.farewellTimeout
            cancel(tenure.request)
            tenure.stopRenewing()
        default: if interruptedBy != nil { patience = RunSettings.farewellTimeout }
        }
        // A hold that has expired needs no resignation.
        if case .resign = word, let deadline = tenure.deadline {
            patience = min(patience, max(deadline - now, RunSettings.farewellTimeout))
        }
        sendWord(Settlement(tenure: tenure, word: word, verdict: verdict, giveUpAt: now + patience), at: now)
    }

    private static func withoutLease(_ verdict: Verdict) -> Verdict {
        if case .ran(let code, let result) = verdict {
            .ranWithoutLease(code, result: result)
        } else {
            verdict
        }
    }

    private mutating func sendWord(_ settlement: Settlement, at now: Moment) {
        var settlement = settlement
        settlement.retryAt = nil
        let timeout = min(RunSettings.requestTimeout, max(settlement.giveUpAt - now, .milliseconds(100)))
        settlement.request = send(settlement.order, timeout: timeout)
        phase = .settling(settlement)
    }

    mutating func settling(_ settlement: Settlement, _ event: Event, at now: Moment) {
        var settlement = settlement
        switch event {
        case .answered(let id, let reply) where id == settlement.request:
            return wordAnswered(settlement, reply, at: now)
        case .answered(let id, let reply) where id == settlement.tenure.request:
            renewalAnswered(&settlement, reply, at: now)
        case .signalled(let number):
            interruptedBy = interruptedBy ?? number
            settlement.giveUpAt = min(settlement.giveUpAt, now + RunSettings.farewellTimeout)
        case .timePassed:
            if now >= settlement.giveUpAt { return giveUp(settlement) }
            renewIfDue(&settlement.tenure, at: now)
            if let retryAt = settlement.retryAt, now >= retryAt { return sendWord(settlement, at: now) }
        default: break
        }
        phase = .settling(settlement)
    }

    /// The lease is kept alive meanwhile: a server whose disk is full takes renewals
    /// and nothing else. Its no is left to the word's own answer to say.
    private mutating func renewalAnswered(_ settlement: inout Settlement, _ reply: Reply, at now: Moment) {
        switch reply {
        case .accepted: settlement.tenure.renewed(settings)
        case .unknown(let outage): renewalFailed(&settlement.tenure, outage, at: now)
        default: settlement.tenure.stopRenewing()
        }
    }

    private mutating func wordAnswered(_ settlement: Settlement, _ reply: Reply, at now: Moment) {
        switch reply {
        case .accepted:
            if case .resign(let outcome, _) = settlement.word {
                say(.resigned(outcome))
            } else {
                say(.completed)
            }
            leave(settlement, settlement.verdict)
        case .refused(let problem): wordRefused(settlement, problem, at: now)
        case .unknown(let outage): wordFailed(settlement, outage, at: now)
        default: phase = .settling(settlement)
        }
    }

    private mutating func wordRefused(_ settlement: Settlement, _ problem: Problem, at now: Moment) {
        let wasSuccess = if case .ran(0, _) = settlement.verdict { true } else { false }
        let isEnded = problem.kind == "hold-ended" || problem.kind == "not-the-holder"
        if isEnded && wasSuccess && !settings.observes { return leave(settlement, .lost(problem.text)) }
        if case .complete = settlement.word, !isEnded {
            let reason = String("its result was refused: \(problem.text)".prefix(500))
            return settle(settlement.tenure, .resign(.failed, reason), .refused(problem), at: now)
        }
        if case .lost = settlement.verdict {} else { say(.notResigned(problem.text)) }
        leave(settlement, settlement.verdict)
    }

    private mutating func wordFailed(_ settlement: Settlement, _ outage: Outage, at now: Moment) {
        var settlement = settlement
        if settlement.failures == 0 { say(.settlementFailed(outage, until: settlement.giveUpAt)) }
        let delay = backoff.delay(failures: settlement.failures, most: .seconds(2), least: outage.retryAfter)
        settlement.request = nil
        settlement.retryAt = now + delay
        settlement.failures += 1
        settlement.lastOutage = outage.text
        phase = .settling(settlement)
    }

    /// A lock's work ended within its lease, and the lease ends by itself: only a
    /// marker that wasn't written is a failure.
    private mutating func giveUp(_ settlement: Settlement) {
        cancel(settlement.request)
        guard case .complete = settlement.word else {
            say(.notResigned(settlement.lastOutage))
            return leave(settlement, settlement.verdict)
        }
        let unrecorded = Verdict.unrecorded(settlement.lastOutage)
        leave(settlement, interruptedBy.map { .interrupted($0) } ?? unrecorded)
    }

    private mutating func leave(_ settlement: Settlement, _ verdict: Verdict) {
        cancel(settlement.tenure.request)
        effects.append(.report(nil))
        finish(verdict)
    }
}
