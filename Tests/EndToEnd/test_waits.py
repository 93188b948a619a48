"""Waiting for how a name is held, and for markers: with the real programs, and the daemon killed in the middle."""

import json
import threading
import time

from support import Story, in_threads, read, script, until

SECONDS = 60
SHARED = dict(marker="none", mode="shared", leaseDuration="30s")


class Waits(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def asks(self, query, name="images"):
        return self.client.send("GET", self.client.path("leases/%s/wait?%s" % (name, query)))

    def waits(self, *arguments):
        """A `baton wait` that waits, and has been told how it stands."""
        baton = self.baton(self.batond, "wait", *arguments, "--timeout", "40s")
        baton.until_says("waiting until")
        return baton

    def crash(self):
        """kill -9, and a new one on the same data."""
        self.batond.restart()
        self.client = self.batond.client()

    def ended(self, baton, code=0):
        self.assertEqual(code, baton.wait(), baton.err)

    def test_each_condition_is_answered_at_once_with_the_facts(self):
        for query in ("condition=idle", "condition=drained"):
            self.assertEqual((200, "met"), (self.asks(query).status, self.asks(query).outcome))
        token = self.client.elected("images", "push-1", **SHARED)
        idle = self.asks("condition=idle")
        self.assertEqual((202, "waiting", 1), (idle.status, idle.outcome, idle["left"]))
        self.assertEqual("push-1", idle["lease"]["holders"][0]["holderIdentity"])
        self.assertEqual("0", idle.headers["retry-after"])
        drained = self.asks("condition=drained")
        self.assertEqual((token, 1), (drained["drained"], drained["left"]))
        quiet = self.asks("condition=quiet&quiet=10m")
        self.assertTrue(0 < quiet["remaining"] <= 600, quiet)
        self.client.claim("phase", "images", "push-1", token, phase="pushing")
        phase = self.asks("condition=phase&phase=pushing")
        self.assertEqual((200, "met", "push-1"), (phase.status, phase.outcome, phase["hold"]["holderIdentity"]))
        self.assertEqual(202, self.asks("condition=phase&phase=pushed").status)

    def test_a_stream_says_how_it_stands_and_what_changes(self):
        first = self.client.elected("images", "push-1", **SHARED)
        second = self.client.elected("images", "push-2", **SHARED)
        stream = self.client.stream(self.client.path("leases/images/wait?condition=drained&wait=30s"))
        self.assertEqual(2, stream.waiting()["left"])
        self.client.elected("images", "push-3", **SHARED)
        self.client.resign("images", "push-1", first)
        until(lambda: stream.waiting()["left"] == 1, "one hold is left")
        self.client.resign("images", "push-2", second)
        self.assertEqual(("met", 0), (stream.last()["outcome"], stream.lines[-1]["left"]))

    def test_idle_over_a_kill(self):
        token = self.client.elected("images", "push-1", **SHARED)
        baton = self.waits("images", "--idle")
        self.crash()
        self.client.resign("images", "push-1", token)
        self.ended(baton)
        self.assertIn("nobody holds images", baton.err)

    def test_drained_over_a_kill_and_new_holds_do_not_matter(self):
        token = self.client.elected("images", "push-1", **SHARED)
        baton = self.waits("images", "--drained")
        self.batond.kill()
        self.batond.start()
        self.client = self.batond.client()
        later = self.client.elected("images", "push-2", **SHARED)
        self.assertIsNone(baton.code)
        self.client.resign("images", "push-1", token)
        self.ended(baton)
        self.assertEqual(200, self.client.renew("images", "push-2", later).status)

    def test_drained_met_while_nobody_was_connected(self):
        token = self.client.elected("images", "push-1", **SHARED)
        first = self.asks("condition=drained")
        self.client.resign("images", "push-1", token)
        self.crash()
        self.client.elected("images", "push-2", **SHARED)
        again = self.asks("condition=drained&drained=%d" % first["drained"])
        self.assertEqual((200, "met"), (again.status, again.outcome))

    def test_quiet_over_a_kill_takes_longer_and_never_shorter(self):
        self.client.resign("images", "push-1", self.client.elected("images", "push-1", **SHARED))
        began = time.monotonic()
        baton = self.waits("images", "--quiet", "4s")
        self.crash()
        restarted = time.monotonic()
        self.ended(baton)
        # The daemon was there a moment before it answered that it was.
        self.assertGreater(time.monotonic() - began, 4)
        self.note("quiet %.1f s after the restart" % (time.monotonic() - restarted))

    def test_a_phase_over_a_kill_even_if_its_hold_has_ended(self):
        token = self.client.elected("images", "push-1", **SHARED)
        first = self.asks("condition=phase&phase=pushed")
        baton = self.waits("images", "--phase", "pushed")
        self.crash()
        self.assertEqual(200, self.client.claim("phase", "images", "push-1", token, phase="pushed").status)
        self.client.resign("images", "push-1", token)
        self.ended(baton)
        self.assertEqual("met", self.asks("condition=phase&phase=pushed&since=%d" % first["since"]).outcome)
        self.assertEqual("met", self.asks("condition=phase&phase=pushed&holder=push-1").outcome)
        self.assertEqual("waiting", self.asks("condition=phase&phase=pushed").outcome)

    def test_the_holder_that_was_named_ended_without_the_phase(self):
        token = self.client.elected("images", "push-1", **SHARED)
        baton = self.waits("images", "--phase", "pushed", "--holder", "push-1")
        self.client.resign("images", "push-1", token, outcome="abandoned", reason="killed")
        self.ended(baton, 1)
        self.assertIn("abandoned", baton.err)

    def test_markers_over_a_kill(self):
        baton = self.waits("image-amd64", "image-arm64", "--done", "--all")
        self.client.send("PUT", self.client.path("markers/image-amd64"), {"holderIdentity": "a", "result": {"d": "1"}})
        self.crash()
        self.client.send("PUT", self.client.path("markers/image-arm64"), {"holderIdentity": "b", "result": {"d": "2"}})
        self.ended(baton)
        self.assertEqual("image-amd64.d=1\nimage-arm64.d=2\n", baton.out)

    def put(self, name, labels, failed=False):
        """As kubectl would: /v1 attaches no labels."""
        outcome = {"outcome": "Failed", "reason": "broken"} if failed else {"outcome": "Succeeded"}
        answer = self.client.send(
            "POST", "/apis/coordination.baton.dev/v1/namespaces/ci/donemarkers",
            {"apiVersion": "coordination.baton.dev/v1", "kind": "DoneMarker",
             "metadata": {"name": name, "labels": labels}, "spec": dict(outcome, holderIdentity="anna")},
            documented=False)
        self.assertEqual(201, answer.status, answer)

    def test_so_many_markers_of_a_selector_over_a_kill(self):
        self.put("leg-0", {"build": "7"})
        self.put("other", {"build": "8"})
        baton = self.waits("-l", "build=7", "--count", "3")
        self.put("leg-1", {"build": "7"})
        self.crash()
        self.put("more", {"build": "8"})
        self.put("leg-2", {"build": "7"})
        self.ended(baton)

    def test_a_selector_is_answered_at_once_and_fails_with_the_first_failure(self):
        markers = lambda query: self.client.send("GET", self.client.path("markers?" + query))
        self.assertEqual((202, 1), (markers("selector=build%3D7").status, markers("selector=build%3D7")["left"]))
        for index in range(120):
            self.put("leg-%03d" % index, {"build": "7", "leg": str(index)})
        done = markers("selector=build%3D7&count=120&wait=5s")
        self.assertEqual((200, "done", 100), (done.status, done.outcome, len(done["markers"])))
        self.assertEqual("done", markers("selector=build%3D7,leg%20in%20(3,4)&count=2").outcome)
        self.assertEqual(1, markers("selector=build%3D7&count=121")["left"])
        baton = self.waits("-l", "build=7", "--count", "200")
        self.put("leg-bad", {"build": "7"}, failed=True)
        self.ended(baton, 76)
        self.assertIn("leg-bad has failed: broken", baton.err)

    def test_a_wait_that_is_over_and_a_wait_whose_namespace_goes(self):
        self.client.elected("images", "push-1", **SHARED)
        for arguments in (["--idle"], ["--drained"], ["--quiet", "1h"], ["--phase", "pushed"]):
            baton = self.baton(self.batond, "wait", "images", *arguments, "--timeout", "300ms")
            self.ended(baton, 124)
        batons = [self.waits("images", *a) for a in (["--idle"], ["--drained"], ["--quiet", "1h"], ["--phase", "x"])]
        batons.append(self.waits("-l", "a=b"))
        gone = self.client.send("DELETE", "/api/v1/namespaces/ci", documented=False)
        self.assertIn(gone.status, (200, 202))
        for baton in batons:
            self.ended(baton, 1)

    def test_who_waits_is_sent_away_by_a_stop(self):
        self.client.elected("images", "push-1", **SHARED)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(self.asks("condition=idle&wait=20s")))
        waiting.start()
        until(lambda: self.batond.client().status()["waiters"] == 1, "it waits")
        self.assertEqual(0, self.batond.stop())
        waiting.join()
        self.assertProblem(answers[0], 503, "unavailable")

    def test_who_waits_is_counted(self):
        batond = self.daemon(waiters__perNamespace=2)
        self.client = client = batond.client()
        client.elected("images", "push-1", **SHARED)
        streams = [client.stream(client.path("leases/images/wait?condition=idle")),
                   client.stream(client.path("markers?selector=a%3Db"))]
        for stream in streams:
            stream.waiting()
        self.assertProblem(self.asks("condition=idle&wait=5s"), 429, "too-many")
        self.assertProblem(client.send("GET", client.path("markers?selector=a%3Db&wait=5s")), 429, "too-many")
        self.assertEqual(202, self.asks("condition=idle").status)
        self.assertEqual(2, client.status()["waiters"])
        for stream in streams:
            stream.close()
        until(lambda: client.status()["waiters"] == 0, "nobody waits")

    def test_contradictions_are_usage(self):
        for arguments in ([], ["a", "--idle", "--drained"], ["a", "b", "--idle"], ["a", "--quiet", "0"],
                          ["a", "--phase", ""], ["a", "--holder", "x"], ["a", "--all", "--any"], ["a", "--count", "2"],
                          ["-l", "a=b", "--count", "0"], ["a", "-l", "a=b"], ["a", "--idle", "--done"]):
            self.ended(self.baton(self.batond, "wait", *arguments), 64)


class ModesOfRun(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def run_(self, name, *arguments, command="true", env=None):
        return self.baton(self.batond, "run", name, *arguments, "--", *script(command), env=env)

    def test_8_permits_among_40_runs(self):
        log = self.path("log")
        work = "echo + >> %s; sleep 0.1; echo - >> %s" % (log, log)
        batons = [self.run_("downloads", "--permits", "8", command=work) for _ in range(40)]
        for baton in batons:
            self.assertEqual(0, baton.wait(), baton.err)
        now = most = 0
        for line in read(log).split():
            now += 1 if line == "+" else -1
            most = max(most, now)
        self.note("at most %d at once" % most)
        self.assertEqual(0, now)
        self.assertTrue(1 < most <= 8, most)
        self.assertEqual(40, len(self.client.send("GET", self.client.path("history?limit=100"))["items"]))

    def test_publishers_and_an_annotator_and_their_phases(self):
        go = self.path("go")
        work = "baton phase pushing; until test -e %s; do sleep 0.05; done; baton phase pushed" % go
        env = {"PATH": self.programs_path()}
        publishers = [self.run_("images", "--shared", command=work, env=env) for _ in range(2)]
        until(lambda: [h.get("phase") for h in self.client.lease("images").get("holders", [])] == ["pushing"] * 2,
              "both push")
        annotator = self.run_("images", command="echo annotated")
        annotator.until_says("(pushing)")
        self.assertIn("1 other", annotator.err)
        wait = self.baton(self.batond, "wait", "images", "--phase", "pushed", "--timeout", "30s")
        listing = self.baton(self.batond, "get", "leases", "-o", "wide")
        self.assertEqual(0, listing.wait())
        self.assertIn("pushing", listing.out)
        self.assertIn("shared", listing.out)
        with open(go, "w"):
            pass
        for baton in publishers + [annotator, wait]:
            self.assertEqual(0, baton.wait(), baton.err)
        self.assertEqual("annotated\n", annotator.out)
        history = self.baton(self.batond, "history", "images", "-o", "wide")
        self.assertEqual(0, history.wait())
        self.assertIn("pushing,pushed", history.out)
        # Newest first: the annotator began when both publishers had ended.
        last, *others = self.client.history("images")
        self.assertTrue(all(other["endTime"] <= last["beginTime"] for other in others))
        self.assertEqual([["pushing", "pushed"]] * 2, [[p["phase"] for p in other["phases"]] for other in others])

    def programs_path(self):
        import os
        import support
        return os.path.dirname(support.BATON) + ":" + os.environ["PATH"]

    def killed_publisher(self, *arguments, env=None):
        pids = self.path("pid")
        variables = {"PATH": self.programs_path()}
        variables.update(env or {})
        publisher = self.run_("images", "--shared", *arguments, env=variables,
                              command="baton phase pushing; echo $$ > %s; sleep 1000" % pids)
        until(lambda: read(pids).strip(), "it pushes")
        publisher.kill()
        until(lambda: self.client.lease("images").get("abandoned"), "its hold is abandoned")

    def test_a_publisher_killed_in_its_push_refuses_the_annotator_until_it_is_cleared(self):
        self.killed_publisher("--work", "push-1")
        outcome = self.path("outcome")
        refused = self.run_("images", "--fail-on-abandoned", "--outcome-file", outcome)
        self.assertEqual(80, refused.wait(), refused.err)
        self.assertIn("pushing", refused.err)
        self.assertIn("push-1", refused.err)
        self.assertEqual(("abandoned", 80), tuple(json.loads(read(outcome))[key] for key in ("outcome", "exitCode")))
        token = str(self.client.lease("images")["abandoned"][0]["fencingToken"])
        clear = self.baton(self.batond, "clear-abandoned", "images", "--token", token, "--reason", "looked after")
        self.assertEqual(0, clear.wait(), clear.err)
        self.assertEqual(0, self.run_("images", "--fail-on-abandoned").wait())

    def test_a_completed_re_run_of_the_same_work_clears_it(self):
        attempt = lambda n: {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "org/repo", "GITHUB_WORKFLOW": "push",
                             "GITHUB_JOB": "publish", "GITHUB_RUN_ID": str(40 + n), "GITHUB_RUN_ATTEMPT": str(n),
                             "GITHUB_REF_NAME": "main"}
        self.killed_publisher(env=attempt(1))
        work, = [hold["work"] for hold in self.client.lease("images")["abandoned"]]
        self.assertEqual("github/org/repo/push/publish@main", work)
        other = dict(attempt(2), GITHUB_JOB="other")
        self.assertEqual(0, self.run_("images", "--shared", env=other).wait())
        self.assertEqual(80, self.run_("images", "--fail-on-abandoned").wait())
        failed = self.run_("images", "--shared", command="exit 3", env=attempt(2))
        self.assertEqual(3, failed.wait())
        self.assertEqual(80, self.run_("images", "--fail-on-abandoned").wait())
        # A careful run of the same work isn't refused for what it is about to do again; it gives up here.
        careful = self.run_("images", "--fail-on-abandoned", command="exit 4", env=attempt(3))
        self.assertEqual(4, careful.wait())
        self.assertEqual(0, self.run_("images", "--shared", env=attempt(3)).wait())
        self.assertEqual(0, self.run_("images", "--fail-on-abandoned").wait())

    def test_campaign_shares_too_and_its_token_renews_by_the_name(self):
        baton = self.baton(self.batond, "campaign", "images", "--shared", "--holder", "me", "-o", "env")
        self.assertEqual(0, baton.wait(), baton.err)
        self.assertIn("export BATON_LEASE='images'", baton.out.replace("=images", "='images'"))
        token = self.client.lease("images")["holders"][0]["fencingToken"]
        env = {"BATON_LEASE": "images", "BATON_HOLDER": "me", "BATON_FENCING_TOKEN": str(token)}
        for command in (["phase", "pushing"], ["renew"], ["fence"], ["resign"]):
            done = self.baton(self.batond, *command, env=env)
            self.assertEqual(0, done.wait(), done.err)
        self.assertIsNone(self.client.lease("images").get("holders"))
        self.assertEqual(75, self.baton(self.batond, "phase", "pushed", env=env).wait())

    def test_contradictions_are_usage_and_say_why(self):
        for arguments, why in [
            (["--shared", "--once"], "locks"), (["--permits", "8", "--input", "x"], "locks"),
            (["--shared", "--permits", "8"], "contradict"), (["--permits", "0"], "out of range"),
            (["--fail-on-abandoned", "--once"], "locks"), (["--work", ""], "--work"),
        ]:
            baton = self.run_("images", *arguments)
            self.assertEqual(64, baton.wait(), baton.err)
            self.assertIn(why, baton.err)
