"""What `baton run` tells: exit codes, results, outcomes."""

import json
import os
import time

from support import Story, free_port, read, script, until

SECONDS = 20


class ExitCodes(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def run_(self, *arguments, env=None):
        baton = self.baton(self.batond, "run", *arguments, env=env)
        baton.wait()
        return baton

    def outcome(self, name="outcome"):
        return json.loads(read(self.path(name)))

    def test_the_childs_own_exit_code_is_batons(self):
        for code in (0, 1, 7, 64, 69, 75, 76, 124, 255):
            run = self.run_("deploy", "--outcome-file", self.path("outcome"), "--", *script("exit %d" % code))
            self.assertEqual(code, run.code, run.err)
            # A command may use our codes too: the outcome file has the truth.
            outcome = self.outcome()
            self.assertEqual(("succeeded" if code == 0 else "command-failed", code), (outcome["outcome"], outcome["exitCode"]))
        self.assertEqual(["failed"] * 8 + ["resigned"], [hold["end"] for hold in self.client.history("deploy")])

    def test_a_child_ended_by_a_signal_is_128_and_its_number(self):
        for number in (9, 15, 11):
            run = self.run_("deploy", "--", *script("ulimit -c 0; kill -%d $$" % number))
            self.assertEqual(128 + number, run.code, run.err)

    def test_a_command_that_is_not_there_is_127_and_one_that_cannot_be_run_is_126(self):
        self.assertEqual(127, self.run_("deploy", "--", "no-such-command-here").code)
        plain = self.path("plain")
        open(plain, "w").close()
        self.assertEqual(126, self.run_("deploy", "--", plain).code)
        self.assertEqual(126, self.run_("deploy", "--", self.folder).code)
        self.assertEqual(["failed"] * 3, [hold["end"] for hold in self.client.history("deploy")])

    def test_a_wrong_call_is_64_and_asks_the_server_nothing(self):
        before = self.client.revision()
        for arguments in (
            ["deploy"], ["--", "true"], ["Deploy", "--", "true"], ["deploy", "--duration", "5s", "--", "true"],
            ["deploy", "--wait-timeout", "soon", "--", "true"], ["deploy", "--no-such-option", "--", "true"],
            ["deploy", "--verify", "true", "--", "true"], ["deploy", "--max-attempts", "0", "--", "true"],
            ["n" * 254, "--", "true"], ["deploy", "--server", "ftp://x", "--", "true"],
        ):
            run = self.run_(*arguments)
            self.assertEqual(64, run.code, "%r: %s" % (arguments, run.err))
            self.assertTrue(run.err.strip())
        self.assertEqual(before, self.client.revision())

    def test_a_server_that_cannot_be_reached_is_69_and_nothing_was_run(self):
        run = self.run_(
            "deploy", "--server", "http://127.0.0.1:%d" % free_port(), "--unreachable-timeout", "1s",
            "--outcome-file", self.path("outcome"), "--", *script("touch %s" % self.path("ran")))
        self.assertEqual((69, "unavailable"), (run.code, self.outcome()["outcome"]), run.err)
        self.assertFalse(os.path.exists(self.path("ran")))

    def test_a_server_that_cannot_be_reached_may_be_done_without_when_one_says_so(self):
        run = self.run_(
            "deploy", "--server", "http://127.0.0.1:%d" % free_port(), "--unreachable-timeout", "1s", "--run-anyway",
            "--outcome-file", self.path("outcome"), "--", *script("exit 3"))
        self.assertEqual((3, "ran-without-lease"), (run.code, self.outcome()["outcome"]), run.err)

    def test_work_that_failed_elsewhere_for_good_is_76_with_its_reason(self):
        first = self.run_("import", "--once", "--max-attempts", "1", "--", *script("exit 9"))
        self.assertEqual(9, first.code)
        second = self.run_("import", "--once", "--outcome-file", self.path("outcome"), "--", "true")
        self.assertEqual((76, "failed-elsewhere"), (second.code, self.outcome()["outcome"]), second.err)
        self.assertIn("exit code 9", second.err)

    def test_waiters_fail_at_once_with_the_last_attempt(self):
        gate = self.path("gate")
        work = script("until test -e %s; do sleep 0.02; done; exit 9" % gate)
        runs = [self.baton(self.batond, "run", "import", "--once", "--max-attempts", "2", "--", *work) for _ in range(6)]
        until(lambda: self.client.status()["contenders"] == 5, "five wait")
        open(gate, "w").close()
        self.assertEqual([9, 9, 76, 76, 76, 76], sorted(run.wait() for run in runs))

    def test_a_wait_that_is_over_is_124_and_nothing_was_run(self):
        self.client.elected("deploy", "anna", marker="none")
        run = self.run_(
            "deploy", "--wait-timeout", "300ms", "--outcome-file", self.path("outcome"), "--", *script("touch %s" % self.path("ran")))
        self.assertEqual((124, "wait-timed-out"), (run.code, self.outcome()["outcome"]), run.err)
        self.assertFalse(os.path.exists(self.path("ran")))

    def test_a_result_file_that_is_not_valid_is_65_and_no_marker(self):
        for text in ("no equals sign", "1key=x", "=x", "a=1\\na=2", "long<<END\\nopen"):
            run = self.run_("import", "--once", "--max-attempts", "100", "--", *script("printf '%%b' '%s' > $BATON_RESULT" % text))
            self.assertEqual(65, run.code, "%s: %s" % (text, run.err))
        self.assertEqual(404, self.client.marker("import").status)

    def test_done_elsewhere_is_0_and_the_result_is_on_standard_output(self):
        first = self.run_("import", "--once", "--", *script("echo tag=4.18 >> $BATON_RESULT; echo hello"))
        self.assertEqual((0, "hello\n"), (first.code, first.out))
        second = self.run_("import", "--once", "--outcome-file", self.path("outcome"), "--", *script("touch %s" % self.path("ran")))
        self.assertEqual((0, "tag=4.18\n"), (second.code, second.out))
        self.assertFalse(os.path.exists(self.path("ran")))
        outcome = self.outcome()
        self.assertEqual(("done", {"tag": "4.18"}), (outcome["outcome"], outcome["result"]))
        for form, shown in (("json", '"tag"'), ("yaml", "tag:"), ("name", "marker/import"), ("env", "tag=4.18")):
            self.assertIn(shown, self.run_("import", "--once", "--output", form, "--", "true").out)
        self.assertEqual("", self.run_("import", "--once", "--output", "none", "--", "true").out)


class Results(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()

    def test_every_run_has_the_result_in_its_file_and_on_GITHUB_OUTPUT_whoever_did_it(self):
        work = script(r"""printf 'tag=4.18\nnotes<<END\nfirst\nsecond=line\nEND\nempty=\n' >> $BATON_RESULT""")
        for n in range(2):
            outputs = self.path("github.%d" % n)
            with open(outputs, "w") as file:
                file.write("earlier=kept\n")
            run = self.baton(
                self.batond, "run", "import", "--once", "--result-file", self.path("result.%d" % n), "--", *work,
                env={"GITHUB_OUTPUT": outputs})
            self.assertEqual(0, run.wait(), run.err)
            self.assertEqual(
                {"earlier": "kept", "tag": "4.18", "notes": "first\nsecond=line", "empty": ""}, heredocs(read(outputs)))
        self.assertEqual(heredocs(read(self.path("result.0"))), heredocs(read(self.path("result.1"))))
        self.assertIn("tag=4.18\n", read(self.path("result.0")))

    def test_a_value_cannot_smuggle_another_output_past_the_delimiter(self):
        client = self.batond.client()
        evil = "x\nEOF\ninjected=yes\nghadelimiter\nBATON\n"
        client.send("PUT", client.path("markers/import"), {"holderIdentity": "mallory", "result": {"tag": evil}})
        outputs = self.path("github")
        run = self.baton(self.batond, "run", "import", "--once", "--", "true", env={"GITHUB_OUTPUT": outputs})
        self.assertEqual(0, run.wait(), run.err)
        self.assertEqual({"tag": evil}, heredocs(read(outputs)))

    def test_the_child_is_told_who_it_is(self):
        run = self.baton(
            self.batond, "run", "import", "--once", "--holder", "anna", "--",
            *script("env | grep ^BATON_ | sort > %s; test -w $BATON_RESULT" % self.path("env")))
        self.assertEqual(0, run.wait(), run.err)
        told = dict(line.split("=", 1) for line in read(self.path("env")).splitlines())
        hold, = self.batond.client().history("import")
        self.assertEqual(
            {"BATON_NAMESPACE": "ci", "BATON_LEASE": "import", "BATON_HOLDER": "anna", "BATON_ATTEMPT": "1",
             "BATON_PREVIOUS_END": "", "BATON_SERVER": self.batond.url, "BATON_FENCING_TOKEN": str(hold["fencingToken"])},
            {name: value for name, value in told.items() if name != "BATON_RESULT"})
        self.assertFalse(os.path.exists(told["BATON_RESULT"]), "the result file is gone with the run")

    def test_who_ran_where_comes_from_the_ci_system(self):
        run = self.baton(self.batond, "run", "import", "--once", "--", "true", env={
            "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_JOB": "build",
            "GITHUB_REPOSITORY": "octo/cat", "GITHUB_SERVER_URL": "https://github.com"})
        self.assertEqual(0, run.wait(), run.err)
        marker = self.batond.client().marker("import")["marker"]
        self.assertIn("4711", marker["holderIdentity"])
        self.assertIn("https://github.com/octo/cat/actions/runs/4711", " ".join(marker["info"].values()))

    def test_a_hollow_marker_is_superseded_by_exactly_one_of_many(self):
        first = self.baton(self.batond, "run", "image", "--once", "--", *script("echo tag=old >> $BATON_RESULT"))
        self.assertEqual(0, first.wait(), first.err)
        product = self.path("product")
        work = "echo x >> %s; sleep 0.5; touch %s; echo tag=new >> $BATON_RESULT" % (self.path("did"), product)
        runs = [
            self.baton(self.batond, "run", "image", "--once", "--verify", "test -e %s" % product, "--result-file",
                       self.path("result.%d" % n), "--", *script(work)) for n in range(8)]
        for run in runs:
            self.assertEqual(0, run.wait(), run.err)
        self.assertEqual("x\n", read(self.path("did")))
        self.assertEqual({"tag=new\n"}, {read(self.path("result.%d" % n)) for n in range(8)})
        ends = [hold["end"] for hold in self.batond.client().history("image")]
        self.assertEqual(["completed", "completed"], ends)

    def test_a_marker_that_verifies_is_accepted_and_a_verification_that_cannot_run_judges_nothing(self):
        self.assertEqual(0, self.baton(self.batond, "run", "image", "--once", "--", *script("echo tag=1 >> $BATON_RESULT")).wait())
        good = self.baton(self.batond, "run", "image", "--once", "--verify", 'test "$BATON_RESULT_TAG" = 1', "--", "false")
        self.assertEqual(0, good.wait(), good.err)
        broken = self.baton(self.batond, "run", "image", "--once", "--verify", "no-such-command-here", "--", "false")
        self.assertEqual(127, broken.wait(), broken.err)
        self.assertEqual(1, len(self.batond.client().history("image")))


def heredocs(text):
    """$GITHUB_OUTPUT as GitHub reads it."""
    values, lines = {}, text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    while lines:
        line = lines.pop(0)
        sign, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (sign < 0 or heredoc < sign):
            key, end = line.split("<<", 1)
            value = []
            while lines[0] != end:
                value.append(lines.pop(0))
            lines.pop(0)
            values[key] = "\n".join(value)
        else:
            key, value = line.split("=", 1)
            values[key] = value
    return values
