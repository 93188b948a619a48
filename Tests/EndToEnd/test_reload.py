"""SIGHUP: settings that change in a running daemon, those that don't, and files that are wrong."""

import json
import os
import signal

from support import Story, until

SECONDS = 5


class Reload(Story):
    def setUp(self):
        super().setUp()
        self.file = self.path("batond.yaml")
        self.write("lease:\n  retention: 1h\n")
        self.batond = self.daemon(start=False)
        command = self.batond.command()
        self.batond.command = lambda: command + ["--config", self.file]
        self.batond.start()

    def write(self, text):
        with open(self.file, "w") as file:
            file.write(text)

    def reload(self, text, until_logged):
        """Returns what the log has to say of it."""
        before = len(self.batond.log())
        self.write(text)
        self.batond.process.send_signal(signal.SIGHUP)
        until(lambda: until_logged in self.batond.log()[before:], "the log says %r:\n%s" % (
            until_logged, self.batond.log()[before:]))
        return self.batond.log()[before:]

    def test_each_setting_that_changed_is_logged_and_holds(self):
        client = self.batond.client()
        client.elected("work", "anna")
        self.reload("lease:\n  retention: 2h\nwait:\n  longPollMax: 100ms\n  signOfLife: 200ms\n",
                    "wait.signOfLife: 15s → 200ms")
        log = self.batond.log()
        self.assertIn("lease.retention: 1h → 2h", log)
        self.assertIn("wait.longPollMax: 25s → 100ms", log)
        self.assertEqual(202, client.campaign("work", "bela", wait="20s").status)
        stream = client.campaign_stream("work", "carl")
        stream.waiting()
        self.assertEqual("alive", stream.next()["type"])

    def test_a_stream_that_waits_already_has_its_next_sign_of_life_by_the_new_time(self):
        client = self.batond.client()
        client.elected("work", "anna")
        stream = client.campaign_stream("work", "bela")
        stream.waiting()
        self.reload("wait:\n  signOfLife: 200ms\n", "wait.signOfLife")
        self.assertEqual("alive", stream.next()["type"])

    def test_level_and_format_of_the_log_change_at_once(self):
        said = self.reload("log:\n  format: json\n  level: notice\n", "log.level")
        record = json.loads(said.splitlines()[0])
        self.assertEqual("log.level: info → notice", record["message"])

    def test_limits_of_http_hold_for_what_comes_next(self):
        client = self.batond.client()
        client.elected("before", "anna")
        self.reload("http:\n  bodyBytes: 100000\n", "http.bodyBytes: 1048576 → 100000")
        answer = self.batond.client().campaign("after", "anna", info={"text": "x" * 120_000})
        self.assertProblem(answer, 413, "payload-too-large")
        # A connection that was there keeps the limits that it began with; what it asks is refused by name.
        self.assertProblem(client.campaign("after", "anna", info={"text": "x" * 120_000}), 400, "invalid-field")

    def test_what_needs_a_restart_is_named_and_the_rest_holds(self):
        said = self.reload(
            "restoreQuarantine: 3h\nunixSocket:\n  mode: 0600\nlease:\n  retention: 3h\n", "restoreQuarantine")
        self.assertIn("unixSocket.mode: 0660 → 0600 needs a restart", self.batond.log())
        self.assertIn("restoreQuarantine: not set → 3h needs a restart", self.batond.log())
        self.assertIn("lease.retention: 1h → 3h", said)

    def test_a_file_that_is_broken_or_contradicts_itself_changes_nothing(self):
        for text, reason in (
                ("lease: [", "batond.yaml:"), ("lease:\n  retention: soon\n", "lease.retention"),
                ("lease:\n  retention: 5h\n  maxDuration: 1s\n  minDuration: 2s\n", "in this order")):
            said = self.reload(text, "everything stays as it was")
            self.assertIn(reason, said)
            self.assertNotIn("→", said)
        os.remove(self.file)
        before = len(self.batond.log())
        self.batond.process.send_signal(signal.SIGHUP)
        until(lambda: "No such file" in self.batond.log()[before:], "the missing file is named")
        self.reload("lease:\n  retention: 1h\n", "nothing changed")
