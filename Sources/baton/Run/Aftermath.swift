import Client
import Glibc
import JSON

/// What a run leaves behind for others to read: the result and how it ended.
struct Aftermath {
    let plan: RunPlan
    let options: ResultOptions
    let hold: Hold?

    /// The exit code. A result that was asked for and can't be written is a failure.
    func settle(_ verdict: Verdict) -> Int32 {
        if let text = verdict.text(lease: plan.contender.lease) { Say.line(text) }
        var code = verdict.exitCode
        if let result = verdict.result, !handOver(result), code == 0 { code = 74 }
        if case .done(let marker) = verdict { print(marker) }
        if let path = options.outcomeFile, !File.write(outcome(verdict, code).prettyText + "\n", to: path) {
            Say.line("can't write the outcome file \(path): \(File.lastError)")
            if code == 0 { code = 74 }
        }
        return code
    }

    private func handOver(_ result: [String: String]) -> Bool {
        var isWritten = true
        if let path = options.resultFile, !File.write(ResultFile.text(result), to: path) {
            Say.line("can't write the result file \(path): \(File.lastError)")
            isWritten = false
        }
        if let path = Environment.text("GITHUB_OUTPUT"), !result.isEmpty,
            !File.append(ResultFile.heredocs(result), to: path)
        {
            Say.line("can't write to $GITHUB_OUTPUT (\(path)): \(File.lastError)")
            isWritten = false
        }
        return isWritten
    }

    private func print(_ marker: Marker) {
        switch options.output {
        case .env: Say.result(ResultFile.text(marker.result))
        case .json: Say.result(marker.json.prettyText + "\n")
        case .yaml: Say.result(YAML.text(marker.json))
        case .name: Say.result("marker/\(marker.name)\n")
        case .none: break
        }
    }

    private func outcome(_ verdict: Verdict, _ code: Int32) -> JSON {
        let contender = plan.contender
        return .object([
            "outcome": .string(verdict.name), "exitCode": .number(Int64(code)),
            "message": verdict.text(lease: contender.lease).map { .string($0) },
            "server": .string(plan.endpoint.shown), "namespace": .string(contender.namespace),
            "lease": .string(contender.lease), "holderIdentity": .string(contender.holder),
            "fencingToken": hold.map { .number($0.token) }, "attempt": hold.map { .number($0.attempt) },
            "also": hold.flatMap { hold in
                hold.also.isEmpty
                    ? nil
                    : .array(
                        hold.also.map {
                            .object(["name": .string($0.name), "fencingToken": .number($0.token)])
                        })
            },
            "inputsDigest": contender.inputsDigest.map { .string($0) },
            "requestID": requestID(verdict).map { .string($0) },
            "result": verdict.result.map { .strings($0) }, "marker": marker(verdict),
        ])
    }

    private func requestID(_ verdict: Verdict) -> String? {
        if case .refused(let problem) = verdict { problem.requestID } else { nil }
    }

    private func marker(_ verdict: Verdict) -> JSON? {
        switch verdict {
        case .done(let marker), .failedElsewhere(let marker): marker.json
        default: nil
        }
    }
}
