"""`baton` and its child, when things end badly."""

import json
import os
import signal
import time

from support import Story, alive, read, script, until

SECONDS = 45

# A child with a tree: a grandchild, and a great-grandchild in a session of its own that ignores SIGTERM.
TREE = """
echo $$ >> %(folder)s/pids
(sh -c 'trap "" TERM; echo $$ >> %(folder)s/pids; sleep 1000 & echo $! >> %(folder)s/pids; wait; sleep 1000') &
setsid sh -c 'trap "" TERM HUP INT; echo $$ >> %(folder)s/pids; sleep 1000; sleep 1000' &
wait
"""


class Killed(Story):
    def pids(self, count):
        def there():
            lines = read(self.path("pids")).split()
            return [int(line) for line in lines] if len(lines) >= count else None
        return until(there, "the child's tree has %d processes" % count)

    def test_a_baton_killed_with_SIGKILL_takes_its_childs_whole_tree_along_and_the_next_is_elected_without_expiry(self):
        daemon = self.daemon()
        holder = self.baton(daemon, "run", "deploy", "--", *script(TREE % {"folder": self.folder}))
        tree = self.pids(4)
        client = daemon.client()
        stream = client.campaign_stream("deploy", "bela", marker="none")
        stream.waiting()
        killed = time.monotonic()
        holder.kill()
        until(lambda: not any(alive(pid) for pid in tree), "the tree is gone", every=0.002)
        gone = time.monotonic() - killed
        outcome = stream.last()
        elected = time.monotonic() - killed
        self.note("the tree was gone after %.0f ms, the next elected after %.0f ms" % (gone * 1e3, elected * 1e3))
        # The promise is a second.
        self.assertLess(gone, 1)
        self.assertEqual("elected", outcome["outcome"])
        self.assertEqual("abandoned", outcome["previous"]["end"])
        # The lease's duration is 90 s.
        self.assertLess(elected, 30)

    def cancelled(self, work):
        """As GitHub cancels a step: SIGINT, SIGTERM after 7.5 s, SIGKILL after 10 s."""
        daemon = self.daemon()
        client = daemon.client()
        run = self.baton(daemon, "run", "deploy", "--outcome-file", self.path("outcome"), "--", *script(work))
        child = self.pids(1)[0]
        started = time.monotonic()
        for number, at in ((signal.SIGINT, 0), (signal.SIGTERM, 7.5), (signal.SIGKILL, 10)):
            # What is tested is a schedule: this waits for its next moment, or the end of the run.
            while time.monotonic() < started + at and run.code is None:
                time.sleep(0.01)
            if run.code is None:
                self.assertNotEqual(signal.SIGKILL, number, "baton was still there after 10 s:\n" + run.err)
                run.signal(number)
        code = run.wait()
        took = time.monotonic() - started
        self.assertFalse(alive(child))
        hold, = client.history("deploy")
        return code, took, hold

    def test_a_cancelled_step_that_heeds_the_signal_ends_at_once_and_its_hold_is_resigned(self):
        code, took, hold = self.cancelled("echo $$ > %s; trap 'exit 3' INT; while :; do sleep 0.05; done" % self.path("pids"))
        self.assertLess(took, 7.5)
        self.assertEqual(("resigned", 130), (hold["end"], code))

    def test_a_cancelled_step_that_ignores_signals_is_killed_and_its_hold_resigned_before_the_10_s_are_over(self):
        code, took, hold = self.cancelled("trap '' INT TERM; echo $$ > %s; while :; do sleep 0.05; done" % self.path("pids"))
        self.note("over after %.1f s of the 10 s" % took)
        self.assertLess(took, 10)
        # The grace is 5 s: nobody is killed before.
        self.assertGreater(took, 5)
        self.assertEqual(("resigned", 130), (hold["end"], code))

    def test_a_holder_stopped_past_its_deadline_and_continued_gets_409_kills_its_child_and_exits_with_75(self):
        daemon = self.daemon()
        client = daemon.client()
        run = self.baton(
            daemon, "run", "import", "--once", "--duration", "4s", "--renew-interval", "500ms", "--grace", "500ms",
            "--outcome-file", self.path("outcome"), "--", *script(TREE % {"folder": self.folder}))
        tree = self.pids(4)
        stream = client.campaign_stream("import", "bela")
        stream.waiting()
        run.signal(signal.SIGSTOP)
        outcome = stream.last()
        self.assertEqual(("elected", "expired"), (outcome["outcome"], outcome["previous"]["end"]))
        # The guardian has ended the child before the deadline, though baton couldn't.
        self.assertEqual([], [pid for pid in tree if alive(pid)])
        run.signal(signal.SIGCONT)
        self.assertEqual(75, run.wait(), run.err)
        self.assertEqual("lease-lost", json.loads(read(self.path("outcome")))["outcome"])
        self.assertFalse([pid for pid in tree if alive(pid)])
        # And what its complete would have got:
        token = outcome["previous"]["fencingToken"]
        holder = outcome["previous"]["holderIdentity"]
        answer = client.complete("import", holder, token, result={"late": "yes"})
        self.assertProblem(answer, 409, "hold-ended")
        self.assertEqual(("expired", "bela"), (answer["end"], answer["currentHolder"]))
        self.assertEqual(404, client.marker("import").status)

    def test_a_child_that_finished_while_its_stopped_baton_lost_the_lease_completes_nothing(self):
        daemon = self.daemon()
        client = daemon.client()
        run = self.baton(
            daemon, "run", "import", "--once", "--duration", "4s", "--renew-interval", "500ms", "--grace", "500ms",
            "--", *script("until test -e %s; do sleep 0.02; done; echo a=b >> $BATON_RESULT" % self.path("gate")))
        run.until_says("running")
        stream = client.campaign_stream("import", "bela")
        stream.waiting()
        run.signal(signal.SIGSTOP)
        open(self.path("gate"), "w").close()
        self.assertEqual("elected", stream.last()["outcome"])
        run.signal(signal.SIGCONT)
        self.assertEqual(75, run.wait(), run.err)
        self.assertEqual(404, client.marker("import").status)

    def test_a_revoked_holder_is_told_by_its_next_renewal_and_its_child_is_ended(self):
        daemon = self.daemon()
        client = daemon.client()
        run = self.baton(daemon, "run", "deploy", "--renew-interval", "200ms", "--", *script(TREE % {"folder": self.folder}))
        tree = self.pids(4)
        token = client.lease("deploy")["fencingToken"]
        self.assertEqual(200, client.revoke("deploy", token, "wrong branch").status)
        self.assertEqual(75, run.wait(), run.err)
        self.assertFalse([pid for pid in tree if alive(pid)])
        self.assertIn("revoked", run.err)
        self.assertEqual("wrong branch", client.history("deploy")[0]["reason"])

    def test_a_waiting_baton_that_is_killed_leaves_the_queue(self):
        daemon = self.daemon(contender__reconnectGrace="1s")
        client = daemon.client()
        token = client.elected("deploy", "anna", marker="none")
        ghost = self.baton(daemon, "run", "deploy", "--", "true")
        until(lambda: client.lease("deploy")["queueLength"] == 1, "it waits")
        ghost.kill()
        until(lambda: not client.lease("deploy")["queue"] or not client.lease("deploy")["queue"][0]["present"], "its place is empty")
        client.resign("deploy", "anna", token)
        self.assertEqual("elected", client.campaign("deploy", "carl", marker="none").outcome)
