import Client
import Glibc
import Supervision

/// Carries out what `Campaigner` decides: one thread, one loop over the guardian,
/// the signals and curl's sockets.
final class RunLoop {
    private let plan: RunPlan
    private let guardian: Guardian
    private let signals: SignalSource
    private let courier: Courier
    private let scratch = Scratch()
    private let progress: Progress
    private var machine: Campaigner
    private var verdict: Verdict?
    /// The command's result, while artifacts are hashed.
    private var finding: (result: [String: String], reader: ArtifactReader)?
    /// The last hold that was ours, for the outcome file.
    private(set) var hold: Hold?

    init(_ plan: RunPlan, _ guardian: Guardian, _ signals: SignalSource) {
        self.plan = plan
        self.guardian = guardian
        self.signals = signals
        courier = Courier(plan.transport(), for: plan.contender)
        machine = Campaigner(plan.contender.settings, seed: .random(in: .min ... .max))
        progress = Progress(lease: plan.contender.lease)
    }

    func run() -> Verdict {
        feed(.started)
        while verdict == nil {
            let hashesOn = finding.map { _ in Moment.now }
            let wakeAt = [machine.wakeAt, progress.wakeAt, hashesOn].compactMap(\.self).min()
            courier.wait(until: wakeAt, [guardian.descriptor, signals.descriptor])
            hearGuardian()
            while let number = signals.next() { if number != SIGPIPE { signalled(number) } }
            while let event = courier.next() { feed(event) }
            if let due = machine.wakeAt, due <= .now { feed(.timePassed) }
            hashOn()
            progress.tick(at: .now)
        }
        progress.clear()
        guardian.goodbye()
        if let folder = scratch.folder { Scratch.remove(folder) }
        return verdict!
    }

    private func feed(_ event: Campaigner.Event) {
        for effect in machine.apply(event, at: .now) { carryOut(effect) }
    }

    // MARK: Events

    private func signalled(_ number: Int32) {
        // Nobody waits for the digests any more.
        finding = nil
        feed(.signalled(number))
    }

    private func hearGuardian() {
        while let event = guardian.nextEvent() {
            switch event {
            case .childExited(let status): feed(.commandExited(status.exitCode))
            case .treeGone: feed(.treeGone)
            case .treeOutlives(let pids): feed(.treeOutlived(pids))
            case .deadmanFired: feed(.deadmanFired)
            case .guardianLost:
                feed(.guardianLost)
                return
            }
        }
    }

    // MARK: Effects

    private func carryOut(_ effect: Campaigner.Effect) {
        switch effect {
        case .send(let id, let request, let timeout): courier.send(id, request, timeout: timeout)
        case .cancel(let id): courier.cancel(id)
        case .run(let work): run(work)
        case .signalCommand(let number): guardian.signal(number)
        case .endTree(let grace): guardian.endTree(grace: grace)
        case .armDeadman(let termAt, let killAt):
            guardian.armDeadman(termAt: termAt.nanoseconds, killAt: killAt.nanoseconds)
        case .disarmDeadman: guardian.disarmDeadman()
        case .report(let report):
            if report?.outcome == .abandoned { scratch.prepare() }
            // A guardian that is lost says so itself.
            try? guardian.setReport(Orphan.report(report, scratch))
        case .readResult: readResult()
        case .say(let notice):
            if case .elected(let hold) = notice { self.hold = hold }
            progress.show(notice, at: .now)
        case .finish(let verdict): self.verdict = verdict
        }
    }

    private func run(_ work: Campaigner.Work) {
        if scratch.folder == nil {
            scratch.prepare()
            try? guardian.setReport(Orphan.report(nil, scratch))
        }
        let child = ChildCommand(plan: plan, scratch: scratch)
        do throws(SupervisionError) {
            _ = try guardian.spawn(child.command(for: work))
        } catch .deadmanFired {
            feed(.deadmanFired)
            feed(.treeGone)
        } catch .guardianLost {
            feed(.guardianLost)
        } catch {
            feed(.commandRefused(exitCode: error.exitCode ?? 126, error.description))
        }
    }

    private func readResult() {
        guard let path = scratch.path else { return hash([:]) }
        guard let bytes = File.read(path) else {
            return errno == ENOENT ? hash([:]) : feed(.resultRefused(File.lastError))
        }
        do throws(ResultFile.Malformed) {
            hash(try ResultFile.parse(bytes))
        } catch {
            feed(.resultRefused(error.description))
        }
    }

    // MARK: Artifacts

    private func hash(_ result: [String: String]) {
        finding = (result, ArtifactReader(plan.artifacts))
    }

    /// A little, so that the lease is renewed and signals are heard in between.
    private func hashOn() {
        guard verdict == nil, var finding else { return }
        do throws(ArtifactFault) {
            let artifacts = try finding.reader.advance()
            self.finding = artifacts == nil ? finding : nil
            if let artifacts { feed(.resultRead(finding.result, artifacts: artifacts)) }
        } catch {
            self.finding = nil
            feed(.artifactsRefused(error.text))
        }
    }
}
