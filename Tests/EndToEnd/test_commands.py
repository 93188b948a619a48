"""The other subcommands, and the recipe for scripts that hold a lease across several steps."""

import json
import os
import signal
import subprocess

from support import PROGRAMS, ROOT, Story, alive, environment, read, until

SECONDS = 10
RECIPE = os.path.join(ROOT, "docs", "recipes", "hold-across-steps.sh")


class Commands(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def call(self, *arguments, code=0, env=None):
        run = self.baton(self.batond, *arguments, env=env)
        self.assertEqual(code, run.wait(), "%r: %s" % (arguments, run.err))
        return run.out

    def script(self, text, env=None):
        """A shell script with baton in its path, as a process group of its own."""
        variables = {"BATON_SERVER": self.batond.url, "BATON_NAMESPACE": "ci",
                     "PATH": PROGRAMS + ":" + os.environ["PATH"]}
        variables.update(env or {})
        process = subprocess.Popen(
            ["sh", "-c", text], env=environment(**variables), start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=open(self.path("script.out"), "w"), stderr=open(self.path("script.err"), "w"))
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def test_a_lease_is_held_renewed_and_completed_by_commands_alone(self):
        token = self.call("campaign", "import", "--once", "--holder", "anna").strip()
        claim = ("import", "--holder", "anna", "--token", token)
        self.call("renew", *claim)
        self.call("fence", "import", "--token", token)
        self.call("campaign", "import", "--once", "--holder", "bela", "--wait-timeout", "200ms", code=124)
        with open(self.path("product"), "w") as file:
            file.write("bytes")
        self.call("complete", *claim, "--result", "tag=4.18", "--artifact", "image=" + self.path("product"))
        marker = self.client.marker("import")["marker"]
        self.assertEqual({"tag": "4.18"}, marker["result"])
        self.assertEqual([{
            "name": "image", "size": 5,
            "digest": "sha256:277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"}], marker["artifacts"])
        self.call("fence", "import", "--token", token, code=1)
        self.call("renew", *claim, code=75)
        self.assertEqual("tag=4.18\n", self.call("wait", "import"))
        self.assertEqual("", self.call("campaign", "import", "--once", "--holder", "bela"))

    def test_what_is_asked_for_as_JSON_is_what_the_server_has(self):
        self.call("campaign", "deploy", "--holder", "anna")
        self.call("mark", "image", "--result", "tag=1")
        lease = json.loads(self.call("get", "leases", "deploy", "-o", "json"))
        self.assertEqual(("deploy", "anna", True), (lease["name"], lease["holderIdentity"], lease["held"]))
        marker = json.loads(self.call("get", "markers", "image", "-o", "json"))
        self.assertEqual(self.client.marker("image")["marker"], marker)
        self.assertEqual(["deploy"], [item["name"] for item in json.loads(self.call("get", "leases", "-o", "json"))["items"]])
        self.assertEqual("lease/deploy\n", self.call("get", "leases", "-o", "name"))
        self.assertEqual(1, len(json.loads(self.call("history", "deploy", "-o", "json"))["items"]))
        self.assertTrue(json.loads(self.call("status", "-o", "json"))["ready"])
        self.assertIn("anna", self.call("describe", "lease", "deploy"))
        self.assertIn("anna", self.call("get", "leases"))
        self.assertIn("tag", self.call("describe", "marker", "image"))
        self.call("get", "leases", "nothing", code=1)

    def test_an_operator_revokes_by_token_and_the_history_says_why(self):
        token = self.call("campaign", "deploy", "--holder", "anna").strip()
        self.call("revoke", "deploy", "--token", str(int(token) + 1), "--reason", "stuck", code=75)
        self.call("revoke", "deploy", "--token", token, "--reason", "the runner is stuck")
        self.assertIn("the runner is stuck", self.call("history", "deploy"))
        self.call("resign", "deploy", "--holder", "anna", "--token", token, code=75)

    def test_a_name_is_derived_from_inputs_as_run_derives_it(self):
        name = self.call("key", "import", "--input", "a", "--input", "b", "-o", "name").strip()
        self.assertRegex(name, "^import-[0-9a-f]{12}$")
        self.call("run", "import", "--input", "a", "--input", "b", "--", "true")
        self.assertEqual(200, self.client.marker(name).status)
        other = self.call("key", "import", "--input", "ab", "-o", "name").strip()
        self.assertNotEqual(name, other)

    def test_a_join_waits_for_all_and_fails_with_the_first(self):
        both = self.baton(self.batond, "wait", "amd64", "arm64")
        until(lambda: self.client.status()["waiters"] == 1, "it waits")
        self.call("mark", "amd64", "--result", "digest=1")
        self.call("mark", "arm64", "--result", "digest=2")
        self.assertEqual(0, both.wait(), both.err)
        self.assertIn("digest=2", both.out)
        self.call("mark", "s390x", "--failed", "--reason", "no runner")
        self.call("wait", "amd64", "s390x", "never", code=76)
        self.call("wait", "--timeout", "200ms", "never", code=124)

    def test_every_command_has_help_with_its_usage_and_completions_are_printed(self):
        for command in ("run", "campaign", "renew", "complete", "resign", "wait", "get", "describe", "history", "revoke",
                        "fence", "mark", "key", "status"):
            self.assertIn("USAGE: baton %s" % command, self.call(command, "--help"))
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("baton", self.call("completions", shell))

    def test_the_recipe_holds_a_lease_across_steps_and_gives_it_back(self):
        script = self.script("set -eu; . %s; baton_hold deploy; echo $BATON_FENCING_TOKEN > %s; baton_release" % (
            RECIPE, self.path("token")))
        self.assertEqual(0, script.wait(60), read(self.path("script.err")))
        hold, = self.client.history("deploy")
        self.assertEqual((int(read(self.path("token"))), "resigned"), (hold["fencingToken"], hold["end"]))

    def test_the_recipe_does_work_once_and_the_next_gets_the_result(self):
        text = (". %s; baton_hold import --once; if baton_elected; then baton_done --result digest=d1; echo did; "
                "else echo $BATON_RESULT_DIGEST; fi" % RECIPE)
        for said in ("did\n", "d1\n"):
            script = self.script("set -eu; " + text)
            self.assertEqual(0, script.wait(60), read(self.path("script.err")))
            self.assertEqual(said, read(self.path("script.out")))

    def test_a_script_of_the_recipe_that_fails_is_killed_or_loses_the_lease_is_seen_to(self):
        script = self.script("set -eu; . %s; baton_hold deploy; exit 3" % RECIPE)
        self.assertEqual(3, script.wait(60), read(self.path("script.err")))
        self.assertEqual("failed", self.client.history("deploy")[0]["end"])

        script = self.script("set -eu; . %s; baton_hold deploy; sleep 1000 & echo $! > %s; wait" % (
            RECIPE, self.path("step")))
        until(lambda: read(self.path("step")).strip(), "it holds")
        # At any moment, also while its renewals only begin.
        script.kill()
        script.wait()
        until(lambda: not self.client.lease("deploy")["held"], "its hold has ended")
        self.assertEqual("abandoned", self.client.history("deploy")[0]["end"])

        os.unlink(self.path("step"))
        script = self.script("set -eu; . %s; BATON_RENEW_EVERY=1s baton_hold deploy --duration 6s; sleep 1000 & echo $! > %s; wait" % (
            RECIPE, self.path("step")))
        until(lambda: read(self.path("step")).strip(), "it holds")
        step = int(read(self.path("step")))
        self.client.revoke("deploy", self.client.lease("deploy")["fencingToken"])
        self.assertNotEqual(0, script.wait(60))
        until(lambda: not alive(step), "its step got SIGTERM")
