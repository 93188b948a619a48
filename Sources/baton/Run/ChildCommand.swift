import Client
import Supervision

/// The command as the guardian is to run it, with what it is told.
struct ChildCommand {
    let plan: RunPlan
    let scratch: Scratch

    func command(for work: Campaigner.Work) -> Command {
        switch work {
        case .command(let hold): Command(arguments: plan.command, environment: environment(hold))
        case .verification(let marker): verification(marker)
        }
    }

    private var common: [String: String] {
        var environment = Environment.all
        environment["BATON_SERVER"] = plan.endpoint.shown
        environment.merge(plan.trust.environment) { $1 }
        environment["BATON_NAMESPACE"] = plan.contender.namespace
        environment["BATON_LEASE"] = plan.contender.lease
        environment["BATON_HOLDER"] = plan.contender.holder
        environment["BATON_RESULT"] = scratch.path
        // A run within a run must not take the outer one's token for its own.
        for name in ["BATON_FENCING_TOKEN", "BATON_ALSO", "BATON_ATTEMPT", "BATON_PREVIOUS_END"] {
            environment[name] = nil
        }
        return environment
    }

    private func environment(_ hold: Hold?) -> [String: String] {
        var environment = common
        if let path = scratch.path { _ = File.write("", to: path) }
        guard let hold else { return environment }
        environment["BATON_FENCING_TOKEN"] = String(hold.token)
        if !hold.also.isEmpty { environment["BATON_ALSO"] = hold.others }
        environment["BATON_ATTEMPT"] = String(hold.attempt)
        environment["BATON_PREVIOUS_END"] = hold.previous?.end ?? ""
        return environment
    }

    /// Its standard output goes to standard error: ours is for the result.
    private func verification(_ marker: Marker) -> Command {
        var environment = common
        if let path = scratch.path { _ = File.write(ResultFile.text(marker.result), to: path) }
        for (key, value) in marker.result where !value.utf8.contains(0) {
            environment[ResultFile.variable(key)] = value
        }
        let script = "exec 1>&2\n" + (plan.verification ?? "true")
        return Command(arguments: ["/bin/sh", "-c", script], environment: environment)
    }
}
