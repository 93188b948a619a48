/// Who we are, as far as the environment says: a name for people to recognise the
/// run by, and facts that go into `info`.
///
/// `<system>/<run>/<job>/<attempt>/<random>`. The attempt sets a re-run apart, the
/// random suffix two processes of the same job.
public struct HolderIdentity: Equatable, Sendable {
    /// At most 253 bytes, without control characters.
    public var text: String
    /// `ci`, `runURL` and the like; only what is known.
    public var info: [String: String]
    /// The identity of the work across its runs: `<system>/<repository>/<pipeline>/<job>@<branch>`, without the run
    /// and the attempt, so that a re-run clears what an earlier run left abandoned. At most 253 bytes. Nil
    /// outside of a CI system. Jobs of a matrix have the same.
    public var work: String?

    /// - Parameter suffix: random.
    public init(environment: [String: String], host: String, suffix: String) {
        let found = Self.systems.lazy.compactMap { $0(Facts(environment)) }.first
        let identity = found ?? Described(parts: ["host", host], info: [:])
        let parts = identity.parts.filter { !$0.isEmpty }.map(Self.clean)
        text = Self.fit(parts.joined(separator: "/"), suffix: suffix)
        info = identity.info.filter { !$0.value.isEmpty }
        work = Self.work(
            identity.work.filter { !$0.isEmpty }.map(Self.clean), on: Self.clean(identity.branch))
    }

    /// The system alone says nothing.
    private static func work(_ parts: [String], on branch: String) -> String? {
        guard parts.count > 1 else { return nil }
        var text = parts.joined(separator: "/") + (branch.isEmpty ? "" : "@" + branch)
        while text.utf8.count > 253 { text.removeLast() }
        return text
    }

    private struct Described {
        var parts: [String]
        var work: [String] = []
        var branch = ""
        var info: [String: String]
    }

    /// The environment, where a variable that isn't set is empty.
    private struct Facts {
        let environment: [String: String]
        init(_ environment: [String: String]) { self.environment = environment }
        subscript(_ name: String) -> String { environment[name] ?? "" }
        func has(_ name: String) -> Bool { !self[name].isEmpty }
    }

    /// Asked in this order: what runs within another system (a Tekton step that Prow
    /// started) is named by the outer one, whose page people look at.
    private static let systems: [@Sendable (Facts) -> Described?] = [
        prow, githubActions, azurePipelines, gitLab, buildkite, jenkins, tekton,
    ]

    /// docs.prow.k8s.io: Job Environment Variables.
    @Sendable private static func prow(_ env: Facts) -> Described? {
        guard env.has("PROW_JOB_ID") else { return nil }
        return Described(
            parts: ["prow", env["JOB_NAME"], env["BUILD_ID"]],
            work: ["prow", env["REPO_OWNER"], env["REPO_NAME"], env["JOB_NAME"]],
            branch: env.has("PULL_NUMBER") ? env["PULL_NUMBER"] : env["PULL_BASE_REF"],
            info: [
                "ci": "prow", "job": env["JOB_NAME"], "build": env["BUILD_ID"],
                "pull": env["PULL_NUMBER"], "runURL": env["JOB_URL"],
            ])
    }

    /// docs.github.com: Default environment variables. A matrix job's shards share all
    /// of them; the suffix keeps those apart.
    @Sendable private static func githubActions(_ env: Facts) -> Described? {
        guard env["GITHUB_ACTIONS"] == "true" else { return nil }
        let base =
            "\(env["GITHUB_SERVER_URL"])/\(env["GITHUB_REPOSITORY"])/actions/runs/\(env["GITHUB_RUN_ID"])"
        let attempt = env.has("GITHUB_RUN_ATTEMPT") ? env["GITHUB_RUN_ATTEMPT"] : "1"
        return Described(
            parts: ["github", env["GITHUB_REPOSITORY"], env["GITHUB_RUN_ID"], env["GITHUB_JOB"], attempt],
            work: ["github", env["GITHUB_REPOSITORY"], env["GITHUB_WORKFLOW"], env["GITHUB_JOB"]],
            branch: env["GITHUB_REF_NAME"],
            info: [
                "ci": "github", "job": env["GITHUB_JOB"], "build": env["GITHUB_RUN_ID"], "attempt": attempt,
                "runURL": env.has("GITHUB_SERVER_URL") ? "\(base)/attempts/\(attempt)" : "",
            ])
    }

    /// learn.microsoft.com: Use predefined variables.
    @Sendable private static func azurePipelines(_ env: Facts) -> Described? {
        guard env["TF_BUILD"].lowercased() == "true" else { return nil }
        let collection = env["SYSTEM_COLLECTIONURI"]
        let project = HTTPRequest.encode(env["SYSTEM_TEAMPROJECT"])
        let attempt = env.has("SYSTEM_JOBATTEMPT") ? env["SYSTEM_JOBATTEMPT"] : "1"
        return Described(
            parts: [
                "azure", env["BUILD_DEFINITIONNAME"], env["BUILD_BUILDID"], env["SYSTEM_JOBNAME"], attempt,
            ],
            work: [
                "azure", env["SYSTEM_TEAMPROJECT"], env["BUILD_REPOSITORY_NAME"], env["BUILD_DEFINITIONNAME"],
                env["SYSTEM_JOBNAME"],
            ], branch: env["BUILD_SOURCEBRANCH"],
            info: [
                "ci": "azure", "job": env["SYSTEM_JOBNAME"], "build": env["BUILD_BUILDID"],
                "attempt": attempt,
                "runURL": collection.isEmpty
                    ? "" : "\(collection)\(project)/_build/results?buildId=\(env["BUILD_BUILDID"])",
            ])
    }

    /// docs.gitlab.com: Predefined CI/CD variables. A retried job has a new CI_JOB_ID.
    @Sendable private static func gitLab(_ env: Facts) -> Described? {
        guard env["GITLAB_CI"] == "true" else { return nil }
        return Described(
            parts: [
                "gitlab", env["CI_PROJECT_PATH"], env["CI_PIPELINE_ID"], env["CI_JOB_NAME"], env["CI_JOB_ID"],
            ],
            work: ["gitlab", env["CI_PROJECT_PATH"], env["CI_JOB_NAME"]], branch: env["CI_COMMIT_REF_NAME"],
            info: [
                "ci": "gitlab", "job": env["CI_JOB_NAME"], "build": env["CI_JOB_ID"],
                "runURL": env["CI_JOB_URL"],
            ])
    }

    /// buildkite.com/docs: Environment variables.
    @Sendable private static func buildkite(_ env: Facts) -> Described? {
        guard env["BUILDKITE"] == "true" else { return nil }
        let attempt = env.has("BUILDKITE_RETRY_COUNT") ? env["BUILDKITE_RETRY_COUNT"] : "0"
        let job = env.has("BUILDKITE_STEP_KEY") ? env["BUILDKITE_STEP_KEY"] : env["BUILDKITE_JOB_ID"]
        return Described(
            parts: [
                "buildkite", env["BUILDKITE_PIPELINE_SLUG"], env["BUILDKITE_BUILD_NUMBER"], job, attempt,
            ],
            work: ["buildkite", env["BUILDKITE_PIPELINE_SLUG"], env["BUILDKITE_STEP_KEY"]],
            branch: env["BUILDKITE_BRANCH"],
            info: [
                "ci": "buildkite", "job": job, "build": env["BUILDKITE_BUILD_NUMBER"], "attempt": attempt,
                "runURL": env.has("BUILDKITE_BUILD_URL")
                    ? "\(env["BUILDKITE_BUILD_URL"])#\(env["BUILDKITE_JOB_ID"])" : "",
            ])
    }

    /// www.jenkins.io/doc: Using environment variables. A rebuild has a new number.
    @Sendable private static func jenkins(_ env: Facts) -> Described? {
        guard env.has("JENKINS_URL") || env.has("JENKINS_HOME"), env.has("BUILD_NUMBER") else { return nil }
        return Described(
            parts: ["jenkins", env["JOB_NAME"], env["BUILD_NUMBER"], env["STAGE_NAME"]],
            work: ["jenkins", env["JOB_NAME"], env["STAGE_NAME"]], branch: env["BRANCH_NAME"],
            info: [
                "ci": "jenkins", "job": env["JOB_NAME"], "build": env["BUILD_NUMBER"],
                "runURL": env["BUILD_URL"],
            ])
    }

    /// Tekton sets nothing by itself: a task passes its context on
    /// (`$(context.pipelineRun.name)`, `$(context.taskRun.name)`,
    /// `$(context.task.retry-count)`) in these variables.
    @Sendable private static func tekton(_ env: Facts) -> Described? {
        guard env.has("TEKTON_TASK_RUN") || env.has("TEKTON_PIPELINE_RUN") else { return nil }
        return Described(
            parts: ["tekton", env["TEKTON_PIPELINE_RUN"], env["TEKTON_TASK_RUN"], env["TEKTON_RETRY_COUNT"]],
            info: [
                "ci": "tekton", "job": env["TEKTON_TASK_RUN"], "build": env["TEKTON_PIPELINE_RUN"],
                "attempt": env["TEKTON_RETRY_COUNT"], "runURL": env["TEKTON_RUN_URL"],
            ])
    }

    /// No control characters, and no spaces: it is to be copied and pasted.
    private static func clean(_ part: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in part.unicodeScalars {
            let isPlain = scalar.value > 0x20 && !(0x7f...0xa0).contains(scalar.value)
            scalars.append(isPlain ? scalar : "-")
        }
        return String(scalars)
    }

    /// The suffix always fits; of the rest the end is cut.
    private static func fit(_ text: String, suffix: String) -> String {
        var text = text
        while text.utf8.count + 1 + suffix.utf8.count > 253 { text.removeLast() }
        return "\(text)/\(suffix)"
    }
}
