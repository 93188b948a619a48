"""Forty runs, one piece of work: the job that Baton is for."""

import json
import os
import signal

from support import Story, alive, read, script, until

RUNS = 40
SECONDS = 60

# The work: notes that it began and ended, in files to which a line is appended in one write.
WORK = 'echo "$$ $BATON_FENCING_TOKEN" >> %(folder)s/began; %(middle)s; echo "$$ $BATON_FENCING_TOKEN" >> %(folder)s/ended; echo "digest=sha256:4f5a-$BATON_FENCING_TOKEN" >> "$BATON_RESULT"'


class ManyRuns(Story):
    def runs(self, daemon, middle, *options, count=RUNS):
        work = WORK % {"folder": self.folder, "middle": middle}
        return [
            self.baton(
                daemon, "run", "import", "--input", "release@sha256:4.18.1", "--outcome-file", self.path("outcome.%d" % n),
                "--result-file", self.path("result.%d" % n), *options, "--", *script(work))
            for n in range(count)]

    def lines(self, name):
        return read(self.path(name)).splitlines()

    def assertAllHaveTheResult(self, runs, but=()):
        for run in runs:
            if run not in but:
                self.assertEqual(0, run.wait(120), run.err)
        results = {read(self.path("result.%d" % n)) for n, run in enumerate(runs) if run not in but}
        self.assertEqual(1, len(results), results)
        self.assertRegex(results.pop(), r"^digest=sha256:4f5a-\d+\n$")
        outcomes = [json.loads(read(self.path("outcome.%d" % n)))["outcome"] for n, run in enumerate(runs) if run not in but]
        self.assertEqual(["done"] * (len(outcomes) - 1) + ["succeeded"], sorted(outcomes))

    def test_of_40_parallel_runs_on_one_key_one_does_the_work_and_40_have_its_result(self):
        daemon = self.daemon()
        runs = self.runs(daemon, "sleep 1")
        self.assertAllHaveTheResult(runs)
        self.assertEqual((1, 1), (len(self.lines("began")), len(self.lines("ended"))))
        hold, = daemon.client().history()
        self.assertEqual(("completed", 1), (hold["end"], hold["attempt"]))

    def test_40_runs_do_the_work_once_though_the_daemon_is_killed_and_restarted_in_the_middle(self):
        daemon = self.daemon()
        gate = self.path("gate")
        runs = self.runs(daemon, "until test -e %s; do sleep 0.05; done" % gate)
        until(lambda: self.lines("began"), "the work began")
        client = daemon.client()
        until(lambda: client.status()["contenders"] >= RUNS // 2, "half of the runs wait")
        daemon.restart()
        # All are back: those that waited, and those that only come now.
        until(lambda: daemon.client().status()["contenders"] == RUNS - 1, "every other run waits again")
        open(gate, "w").close()
        self.assertAllHaveTheResult(runs)
        self.assertEqual((1, 1), (len(self.lines("began")), len(self.lines("ended"))))
        hold, = daemon.client().history()
        self.assertEqual("completed", hold["end"])

    def test_40_runs_have_one_result_though_three_successive_holders_are_killed(self):
        daemon = self.daemon()
        gate = self.path("gate")
        runs = self.runs(daemon, "test $(wc -l < %s/began) -gt 3 || exec sleep 1000" % self.folder)
        client = daemon.client()
        killed = []
        for round in range(3):
            until(lambda: len(self.lines("began")) == round + 1, "holder %d is at work" % (round + 1))
            child, token = map(int, self.lines("began")[-1].split())
            lease = client.lease(client.send("GET", client.path("leases")).body["items"][0]["name"]).body
            self.assertEqual(token, lease["fencingToken"])
            holder = next(run for run in runs if "token %d" % token in run.err)
            holder.kill()
            killed.append(holder)
            until(lambda: not alive(child), "the guardian has ended the child")
        self.assertAllHaveTheResult(runs, but=killed)
        self.assertEqual((4, 1), (len(self.lines("began")), len(self.lines("ended"))))
        history = client.history()[::-1]
        self.assertEqual(["abandoned", "abandoned", "abandoned", "completed"], [hold["end"] for hold in history])
        self.assertEqual([1, 2, 3, 4], [hold["attempt"] for hold in history])
        tokens = [hold["fencingToken"] for hold in history]
        self.assertEqual(sorted(set(tokens)), tokens)
        # 90 s is the duration: nobody waited for an expiry.
        self.assertFalse([hold for hold in history if hold["end"] == "expired"])
