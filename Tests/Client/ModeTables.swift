import JSON
import Testing

@testable import Client

@Suite struct `Locks that are shared` {
    static func contender(_ change: (inout RunSettings) -> Void) -> Contender {
        var settings = RunSettings()
        settings.once = false
        change(&settings)
        var contender = Contender(
            namespace: "ci", lease: "images", holder: "me", campaignID: "c", settings: settings)
        contender.work = "push"
        return contender
    }

    static func body(_ change: (inout RunSettings) -> Void) -> JSON {
        contender(change).http(.campaign(supersedes: nil)).body ?? .null
    }

    @Test func `ask for their mode`() {
        #expect(Self.body { $0.mode = .shared }["mode"] == .string("shared"))
        #expect(Self.body { $0.mode = .permits(8) }["permits"]?.integer == 8)
        #expect(Self.body { $0.mode = .permits(8) }["mode"] == nil)
        #expect(Self.body { _ in }["mode"] == nil && Self.body { _ in }["permits"] == nil)
        #expect(Self.body { $0.failsOnAbandoned = true }["failOnAbandoned"] == .bool(true))
        #expect(Self.body { _ in }["failOnAbandoned"] == nil)
    }

    @Test func `say what their work is, and work that is done once has a marker for that`() {
        #expect(Self.body { _ in }["work"] == .string("push"))
        #expect(Self.body { $0.once = true }["work"] == nil)
    }

    @Test func `renew by the name that they share`() {
        let request = Self.contender { $0.mode = .shared }.http(.renew(token: 17))
        #expect(request.target == "/v1/namespaces/ci/leases/images/renew")
    }

    static let contradictions: [(@Sendable (inout RunSettings) -> Void, String)] = [
        (
            {
                $0.once = true; $0.mode = .shared
            }, "--shared and --permits are locks"
        ),
        (
            {
                $0.once = true; $0.mode = .permits(8)
            }, "--shared and --permits are locks"
        ),
        ({ $0.mode = .permits(0) }, "--permits 0 is out of range"),
        ({ $0.mode = .permits(10_001) }, "--permits 10001 is out of range"),
        (
            {
                $0.once = true; $0.failsOnAbandoned = true
            }, "--fail-on-abandoned is for locks"
        ),
    ]

    @Test(arguments: 0..<5) func `contradict what ends in a marker`(index: Int) {
        let (change, words) = Self.contradictions[index]
        let found = Self.contender(change).settings.contradictions
        #expect(found.count == 1 && found[0].contains(words))
    }

    @Test func `are refused with 80 and a list, where others' work is half done`() throws {
        let json = try JSON(
            parsing: Array(
                """
                {"type":"urn:baton:problem:abandoned-holds","status":409,"detail":"2 holds…","abandonedBeyond":3,
                "abandoned":[{"fencingToken":17,"holderIdentity":"push-1","mode":"shared","end":"expired",
                "phase":"pushing","endTime":"2026-11-21T05:01:02.123456Z","work":"push"}]}
                """.utf8))
        var stage = Stage()
        stage.happens(.started)
        stage.answer(.refused(Problem(status: 409, json)))
        let verdict = try #require(stage.verdict)
        #expect(verdict.exitCode == 80 && verdict.name == "abandoned")
        let text = try #require(verdict.text(lease: "images"))
        #expect(text.contains("token 17, push-1, pushing, expired at 2026-11-21T05:01:02Z (push)"))
        #expect(text.contains("and 3 more before these") && text.contains("baton clear-abandoned"))
    }

    @Test func `are told what others left, when they are elected all the same`() throws {
        let json = try JSON(
            parsing: Array(
                #"{"outcome":"elected","fencingToken":20,"lease":{},"abandoned":[{"fencingToken":17,"holderIdentity":"a","end":"abandoned"}]}"#
                    .utf8))
        guard case .elected(let hold) = Reply.campaign(json, status: 200) else { throw JSONError.absent }
        #expect(hold.abandoned == ["token 17, a, abandoned"])
    }

    enum JSONError: Error { case absent }
}

@Suite struct `What is said of those who share` {
    static func waiting(_ text: String) throws -> Waiting { Waiting(try JSON(parsing: Array(text.utf8))) }

    @Test func `who waits is told the first of the holders, how many more, and the phase`() throws {
        let waiting = try Self.waiting(
            #"{"position":1,"queueLength":2,"lease":{"holderCount":3,"holders":[{"holderIdentity":"push-1","beginTime":"2026-11-21T05:01:02.1Z","remaining":20,"phase":"pushing"}]}}"#
        )
        #expect(
            NoticeText.waiting(waiting, lease: "images")
                == "waiting for images, place 1 of 2: held by push-1 and 2 others since 05:01:02Z (pushing), "
                + "20s left unless renewed")
        var later = waiting
        later.phase = "pushed"
        #expect(!later.isSame(as: waiting))
    }

    @Test func `who waits for a condition is told what is in its way`() throws {
        let json = try JSON(
            parsing: Array(
                #"{"condition":"drained","left":2,"lease":{"holderCount":2,"holders":[{"holderIdentity":"push-1"}]}}"#
                    .utf8))
        #expect(
            NoticeText.waiting(Waiting(json, until: "the holds of images have ended"), lease: "images")
                == "waiting until the holds of images have ended: 2 holds left, held by push-1 and 1 other")
        let quiet = try JSON(parsing: Array(#"{"condition":"quiet","remaining":90,"lease":null}"#.utf8))
        #expect(
            NoticeText.waiting(Waiting(quiet, until: "images was quiet for 10m"), lease: "images")
                == "waiting until images was quiet for 10m: 90s to go")
    }
}

@Suite struct `The identity of work` {
    static let cases: [([String: String], String?)] = [
        (
            [
                "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "org/repo",
                "GITHUB_WORKFLOW": "Build and push",
                "GITHUB_JOB": "publish", "GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "2",
                "GITHUB_REF_NAME": "main",
            ], "github/org/repo/Build-and-push/publish@main"
        ),
        (
            [
                "TF_BUILD": "True", "SYSTEM_TEAMPROJECT": "internal", "BUILD_REPOSITORY_NAME": "docker",
                "BUILD_DEFINITIONNAME": "push", "SYSTEM_JOBNAME": "publish", "BUILD_BUILDID": "9",
                "BUILD_SOURCEBRANCH": "refs/heads/main",
            ], "azure/internal/docker/push/publish@refs/heads/main"
        ),
        (
            [
                "GITLAB_CI": "true", "CI_PROJECT_PATH": "g/p", "CI_JOB_NAME": "push", "CI_JOB_ID": "7",
                "CI_COMMIT_REF_NAME": "x",
            ],
            "gitlab/g/p/push@x"
        ),
        (
            [
                "PROW_JOB_ID": "u", "JOB_NAME": "pull-e2e", "BUILD_ID": "1", "REPO_OWNER": "o",
                "REPO_NAME": "r", "PULL_NUMBER": "12",
            ],
            "prow/o/r/pull-e2e@12"
        ),
        (
            ["BUILDKITE": "true", "BUILDKITE_PIPELINE_SLUG": "p", "BUILDKITE_BUILD_NUMBER": "3"],
            "buildkite/p"
        ),
        (["JENKINS_URL": "u", "JOB_NAME": "f/main", "BUILD_NUMBER": "3"], "jenkins/f/main"),
        (["TEKTON_TASK_RUN": "t"], nil), (["TF_BUILD": "True"], nil), ([:], nil),
    ]

    @Test(arguments: cases) func `has neither run nor attempt`(environment: [String: String], work: String?) {
        #expect(HolderIdentity(environment: environment, host: "h", suffix: "s").work == work)
    }

    @Test func `fits into 253 bytes`() throws {
        let identity = HolderIdentity(
            environment: ["PROW_JOB_ID": "x", "JOB_NAME": String(repeating: "\u{e9}", count: 300)], host: "h",
            suffix: "s")
        #expect(try #require(identity.work).utf8.count <= 253)
    }
}
