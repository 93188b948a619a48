import Client
import Glibc

/// All that a run knows before it begins; the guardian is forked with a copy.
struct RunPlan {
    let contender: Contender
    let endpoint: Endpoint
    let credentials: Credentials
    let trust: Trust
    let command: [String]
    let verification: String?
    let artifacts: [ArtifactArgument]

    func transport() -> Transport { Transport(endpoint, credentials, trust, agent: "baton/\(Baton.version)") }
}

/// What the guardian does when baton was killed and the command's tree is gone.
enum Orphan {
    /// The report: `<token> <outcome> <scratch folder>`, with `,<name>=<token>` behind the token for each
    /// other name of the hold, or `- - <scratch folder>` when
    /// there is no hold. Empty when there is nothing to do.
    static func report(_ report: Campaigner.Report?, _ scratch: Scratch) -> [UInt8] {
        let folder = scratch.folder ?? ""
        guard let report else { return folder.isEmpty ? [] : Array("- - \(folder)".utf8) }
        let tokens = ([String(report.token)] + report.also.map { "\($0.name)=\($0.token)" })
        return Array("\(tokens.joined(separator: ",")) \(report.outcome.rawValue) \(folder)".utf8)
    }

    /// Tells the server, so that the next is elected without waiting for the expiry.
    static func resign(_ plan: RunPlan, report: [UInt8]) {
        let parts = String(decoding: report, as: UTF8.self)
            .split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return }
        Scratch.remove(String(parts[2]))
        let tokens = parts[0].split(separator: ",")
        guard let token = tokens.first.flatMap({ Int64($0) }),
            let outcome = Campaigner.Resignation(rawValue: String(parts[1]))
        else { return }
        let request = Campaigner.Request.resign(
            token: token, outcome,
            reason: outcome == .abandoned ? "baton was killed; its command was ended" : nil,
            also: tokens.dropFirst().compactMap(other))
        let transport = plan.transport()
        // After its duration the hold has expired by itself.
        let deadline = Moment.now + plan.contender.settings.duration
        var left = plan.contender.https(request)
        while Moment.now < deadline {
            left.removeAll { http in
                let answer = try? transport.perform(http, timeout: .seconds(3))
                return answer.map { $0.status < 500 } ?? false
            }
            if left.isEmpty { return }
            poll(nil, 0, 300)
        }
    }

    private static func other(_ text: Substring) -> OtherHold? {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let token = Int64(parts[1]) else { return nil }
        return OtherHold(String(parts[0]), token: token)
    }
}

/// A folder of our own for the result file; gone with the run.
final class Scratch {
    private(set) var folder: String?

    /// Made when there is a command to run, not for those who only wait.
    func prepare() {
        guard folder == nil else { return }
        var template = Array("\(Environment.text("TMPDIR") ?? "/tmp")/baton-XXXXXX".utf8CString)
        let made = mkdtemp(&template) != nil
        folder = made ? template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } : nil
    }

    /// Of the result file.
    var path: String? { folder.map { $0 + "/result" } }

    static func remove(_ folder: String) {
        guard !folder.isEmpty else { return }
        unlink(folder + "/result")
        rmdir(folder)
    }
}
