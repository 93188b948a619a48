import Testing

@testable import Client

@Suite struct `Holder identities` {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var environment: [String: String]
        var text: String
        var url: String?
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "Prow",
            environment: [
                "PROW_JOB_ID": "f5", "JOB_NAME": "pull-ci-org-repo-e2e", "BUILD_ID": "1859", "CI": "true",
                "JOB_URL": "https://prow/view/1859",
            ],
            text: "prow/pull-ci-org-repo-e2e/1859/ab12", url: "https://prow/view/1859"),
        Case(
            name: "GitHub Actions, second attempt",
            environment: [
                "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "org/repo", "GITHUB_RUN_ID": "42",
                "GITHUB_JOB": "build", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SERVER_URL": "https://github.com",
            ],
            text: "github/org/repo/42/build/2/ab12",
            url: "https://github.com/org/repo/actions/runs/42/attempts/2"),
        Case(
            name: "Azure Pipelines",
            environment: [
                "TF_BUILD": "True", "BUILD_DEFINITIONNAME": "docker tools", "BUILD_BUILDID": "9",
                "SYSTEM_JOBNAME": "Publish", "SYSTEM_JOBATTEMPT": "3",
                "SYSTEM_COLLECTIONURI": "https://dev.azure.com/dnceng/", "SYSTEM_TEAMPROJECT": "my project",
            ],
            text: "azure/docker-tools/9/Publish/3/ab12",
            url: "https://dev.azure.com/dnceng/my%20project/_build/results?buildId=9"),
        Case(
            name: "GitLab",
            environment: [
                "GITLAB_CI": "true", "CI_PROJECT_PATH": "g/p", "CI_PIPELINE_ID": "7",
                "CI_JOB_NAME": "test: [a, b]",
                "CI_JOB_ID": "71", "CI_JOB_URL": "https://gl/g/p/-/jobs/71",
            ],
            text: "gitlab/g/p/7/test:-[a,-b]/71/ab12", url: "https://gl/g/p/-/jobs/71"),
        Case(
            name: "Jenkins",
            environment: [
                "JENKINS_URL": "https://j/", "JOB_NAME": "folder/job", "BUILD_NUMBER": "5",
                "STAGE_NAME": "Deploy",
                "BUILD_URL": "https://j/job/folder/5/",
            ],
            text: "jenkins/folder/job/5/Deploy/ab12", url: "https://j/job/folder/5/"),
        Case(
            name: "Buildkite",
            environment: [
                "BUILDKITE": "true", "BUILDKITE_PIPELINE_SLUG": "p", "BUILDKITE_BUILD_NUMBER": "12",
                "BUILDKITE_JOB_ID": "j-1", "BUILDKITE_STEP_KEY": "push", "BUILDKITE_RETRY_COUNT": "1",
                "BUILDKITE_BUILD_URL": "https://bk/p/12",
            ],
            text: "buildkite/p/12/push/1/ab12", url: "https://bk/p/12#j-1"),
        Case(
            name: "Tekton",
            environment: [
                "TEKTON_PIPELINE_RUN": "release-x", "TEKTON_TASK_RUN": "release-x-push",
                "TEKTON_RETRY_COUNT": "0",
            ],
            text: "tekton/release-x/release-x-push/0/ab12", url: nil),
        Case(name: "nothing known", environment: ["CI": "true"], text: "host/build-7/ab12", url: nil),
        Case(
            name: "not GitHub: the variable is there and not true", environment: ["GITHUB_ACTIONS": "false"],
            text: "host/build-7/ab12", url: nil),
        Case(
            name: "Tekton within Prow",
            environment: ["PROW_JOB_ID": "x", "JOB_NAME": "j", "TEKTON_TASK_RUN": "t"],
            text: "prow/j/ab12", url: nil),
    ]

    @Test(arguments: cases) func `are read from the CI system`(_ one: Case) {
        let identity = HolderIdentity(environment: one.environment, host: "build-7", suffix: "ab12")
        #expect(identity.text == one.text)
        #expect(identity.info["runURL"] == one.url)
        #expect(!identity.info.values.contains(""))
    }

    @Test func `fit into 253 bytes, their random end included`() {
        let long = String(repeating: "\u{e9}", count: 300)
        let identity = HolderIdentity(
            environment: ["PROW_JOB_ID": "x", "JOB_NAME": long, "BUILD_ID": "1"], host: "h", suffix: "ab12")
        #expect(identity.text.utf8.count <= 253)
        #expect(identity.text.hasSuffix("/ab12"))
    }

    @Test func `have no control characters and no spaces`() {
        let identity = HolderIdentity(
            environment: ["PROW_JOB_ID": "x", "JOB_NAME": "a\nb\tc d\u{7f}"], host: "h", suffix: "s")
        #expect(identity.text == "prow/a-b-c-d-/s")
    }
}
