import ArgumentParser
import Client

/// The command that a pipeline calls.
@main
struct Baton: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "baton",
        abstract: "Coordinate CI runs: one does the work, the others get its result.",
        discussion: """
            baton run release-import-initial --input "$PULLSPEC" -- ./import.sh
                Once: one run does it, the others wait and get its result.
            baton run deploy-prod -- ./deploy.sh
                A lock: one at a time, and each does it.

            Environment: BATON_SERVER (\(Endpoint.standard), or unix:/path), \
            BATON_NAMESPACE (default), BATON_TOKEN or BATON_TOKEN_FILE.

            Exit codes: the command's own (128+n by a signal); 0 when somebody else did it; \
            1 no, not found, or not so; 64 usage; 65 invalid result file; 66 an artifact's file can't be read; 69 server unavailable; \
            71 no process can be guarded; 74 result not written; 75 lease lost; 76 failed elsewhere; 77 alias not moved; \
            78 no such marker or artifact; 79 differs from its marker; 80 abandoned work is in the way; \
            124 wait timed out; 126 command not executable; \
            127 command not found.
            """,
        version: version,
        subcommands: [
            Run.self, CampaignCommand.self, Renew.self, Complete.self, Resign.self, Wait.self, Get.self,
            Describe.self, History.self, Fence.self, Mark.self, Verify.self, Alias.self, Prune.self, Key.self,
            Revoke.self, Audit.self, Overlaps.self, Report.self, PhaseCommand.self, ClearAbandoned.self,
            Status.self, Quota.self, KubeconfigCommand.self, Version.self, Completions.self,
        ])
}
