"""Whether runs really overlap: observed only, elected, and what the report makes of it."""

import json
import time

from support import Story, in_threads, script, until

SECONDS = 40


class Evidence(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def call(self, *arguments, code=0):
        run = self.baton(self.batond, *arguments)
        self.assertEqual(code, run.wait(), "%r: %s" % (arguments, run.err))
        return run

    def get(self, path):
        answer = self.client.send("GET", "/v1/namespaces/ci/" + path)
        self.assertEqual(200, answer.status, answer)
        return answer.body

    def observed(self, name, number):
        """A run that goes on until it is told to end."""
        flag = self.path("end-%d" % number)
        run = self.baton(
            self.batond, "run", name, "--observe", "--holder", "run-%d" % number, "--",
            *script("while ! test -e %s; do sleep 0.02; done" % flag))
        run.until_says("observing")
        return run, flag

    def end(self, run, flag):
        open(flag, "w").close()
        self.assertEqual(0, run.wait(), run.err)

    def test_more_like_conjecture_than_evidence(self):
        # Five runs that only observe, of which three are there at the same time.
        first = self.observed("release-import", 1)
        self.end(*first)
        together = [self.observed("release-import", number) for number in (2, 3, 4)]
        for one in together:
            self.end(*one)
        self.end(*self.observed("release-import", 5))
        found = self.call("overlaps", "release-import", "--since", "1h", code=1)
        pairs = sorted(sorted((hold["holderIdentity"]) for hold in pair["holds"])
                       for pair in self.get("leases/release-import/overlaps?since=1h")["items"])
        self.assertEqual([["run-2", "run-3"], ["run-2", "run-4"], ["run-3", "run-4"]], pairs)
        for name in ("run-2", "run-3", "run-4"):
            self.assertIn(name, found.out)
        for name in ("run-1", "run-5"):
            self.assertNotIn(name, found.out)
        self.assertEqual(["observe"] * 5, [hold["mode"] for hold in self.client.history("release-import")])
        # What it was like is in the report, too.
        row, = self.get("report?since=7d")["items"]
        self.assertEqual((0, 5, 3), (row["holds"], row["observed"], row["wouldHaveOverlapped"]["count"]))
        items = self.get("overlaps")["items"]
        self.assertAlmostEqual(sum(pair["overlap"] for pair in items), row["wouldHaveOverlapped"]["time"], places=3)
        # By pages it is the same.
        self.batond.restart()
        self.client = self.batond.client()
        pages, more = [], ""
        while True:
            page = self.get("overlaps?since=1h&limit=1" + more)
            self.assertEqual(3, page["count"])
            pages += page["items"]
            if "continue" not in page:
                break
            more = "&continue=" + page["continue"]
        self.assertEqual(items, pages)

    def test_with_elections_nothing_overlaps_and_the_report_says_what_was_saved(self):
        token = self.client.elected("release-import", "run-0", leaseDuration="30s")
        begun = time.time()
        answers = [self.client_of(number) for number in range(1, 5)]
        until(lambda: self.client.lease("release-import")["queueLength"] == 4, "four wait")
        time.sleep(0.3)
        self.assertEqual(200, self.client.complete("release-import", "run-0", token, result={"image": "x"}).status)
        for stream in answers:
            self.assertEqual("done", stream.last()["outcome"])
        length = time.time() - begun
        self.call("overlaps", "--since", "1h")
        self.assertEqual("", self.call("overlaps", "release-import", "-o", "name").out)
        row, = self.get("report?since=1h")["items"]
        self.assertEqual((1, 1, 0, 0), (row["holds"], row["attempts"], row["failures"], row["takeovers"]))
        self.assertEqual((4, 4), (row["waits"]["settled"]["count"], row["avoided"]["count"]))
        hold, = self.client.history("release-import")
        self.assertLess(4 * 0.3, row["avoided"]["time"])
        self.assertLess(row["avoided"]["time"], 4 * length)
        self.assertAlmostEqual(row["avoided"]["time"], 4 * row["held"], places=3)
        self.assertLess(row["waits"]["settled"]["time"], row["avoided"]["time"])
        self.assertLess(4 * 0.3, row["waits"]["settled"]["time"])
        self.assertEqual("completed", hold["end"])

    def client_of(self, number):
        return self.client.campaign_stream("release-import", "run-%d" % number)

    def test_a_lock_that_is_handed_over_after_an_expiry_is_a_wait_and_a_takeover(self):
        token = self.client.elected("deploy", "anna", marker="none", leaseDuration="1s")
        next_ = self.client.campaign("deploy", "bela", wait="10s", marker="none")
        self.assertEqual("elected", next_.outcome)
        # Too late: a write with the token of a hold that is over.
        self.assertProblem(self.client.resign("deploy", "anna", token), 409, "hold-ended")
        self.client.resign("deploy", "bela", next_["fencingToken"], outcome="failed", reason="broken")
        row, = self.get("report")["items"]
        self.assertEqual((2, 2, 2, 1), (row["holds"], row["attempts"], row["failures"], row["takeovers"]))
        self.assertEqual(1, row["waits"]["elected"]["count"])
        self.assertTrue(0.5 < row["waits"]["elected"]["time"] < 5, row)
        until(lambda: self.get("leases/deploy/overlaps")["staleWrites"], "the refusal is on record")
        found = self.get("leases/deploy/overlaps")
        self.assertEqual((0, []), (found["count"], found["items"]))
        stale, = found["staleWrites"]
        self.assertEqual(("resign", token, "anna", "expired"),
                         (stale["verb"], stale["fencingToken"], stale["holderIdentity"], stale["end"]))
        self.assertEqual([], self.get("leases/other/overlaps")["staleWrites"])
        self.assertIn("of a hold that was over", self.call("overlaps", "deploy").err)

    def test_who_observes_is_told_of_with_its_phases_and_is_in_nobodys_way(self):
        token = self.client.elected("deploy", "anna", marker="none")
        run, flag = self.observed("deploy", 1)
        observer = self.client.history("deploy")[0]
        self.assertEqual(("observe", "run-1"), (observer["mode"], observer["holderIdentity"]))
        path = self.client.path("leases/deploy/phase")
        self.assertEqual(200, self.client.send("POST", path, {
            "holderIdentity": "run-1", "fencingToken": observer["fencingToken"], "phase": "pushing"}).status)
        # Both are there yet: an open hold lasts until now.
        pair, = self.get("leases/deploy/overlaps")["items"]
        self.assertEqual([token, observer["fencingToken"]], [hold["fencingToken"] for hold in pair["holds"]])
        self.assertEqual(["pushing"], pair["holds"][1]["phasesDuring"])
        self.assertIn("pushing", self.call("overlaps", "deploy", code=1).out)
        self.assertEqual(200, self.client.resign("deploy", "anna", token).status)
        self.end(run, flag)
        self.assertEqual("resigned", self.client.history("deploy")[0]["end"])

    def test_inputs_make_the_name_and_no_marker_is_read_or_written(self):
        for _ in range(2):
            run = self.call("run", "import", "--observe", "--input", "a", "--", *script("echo did it"))
            self.assertIn("did it", run.out)
        name = self.call("key", "import", "--input", "a").out.split()[0]
        self.assertEqual(["observe", "observe"], [hold["mode"] for hold in self.client.history(name)])
        self.assertEqual(404, self.client.marker(name).status)
        self.call("run", "import", "--observe", "--once", "--", "true", code=64)

    def test_a_run_that_only_observes_goes_on_whatever_becomes_of_its_hold(self):
        run, flag = self.observed("deploy", 1)
        hold, = self.client.history("deploy")
        self.assertEqual(200, self.client.revoke("deploy", hold["fencingToken"]).status)
        run.until_says("not recorded", deadline=30)
        self.end(run, flag)

    def test_bad_input(self):
        for path, field in (
            ("overlaps?since=yesterday", "since"), ("overlaps?since=2030-01-01T00:00:00Z", "since"),
            ("overlaps?until=2h&since=1h", "since"), ("overlaps?limit=0", "limit"), ("overlaps?continue=-1", "continue"),
            ("overlaps?includeShared=yes", "includeShared"), ("overlaps?prefix=x", "prefix"),
            ("leases/deploy/overlaps?since=-1h", "since"), ("report?since=", "since"), ("report?limit=x", "limit"),
            ("report?continue=NO", "continue"), ("report?since=1h&since=2h", "since"),
        ):
            answer = self.client.send("GET", "/v1/namespaces/ci/" + path)
            self.assertProblem(answer, 400, "invalid-field")
            self.assertEqual(field, answer["field"], path)
        for field, body in (
            ("mode", {"mode": "observe"}), ("mode", {"mode": "look", "marker": "none"}),
            ("failOnAbandoned", {"mode": "observe", "marker": "none", "failOnAbandoned": True}),
            ("work", {"mode": "observe", "marker": "none", "work": "x"}),
        ):
            answer = self.client.campaign("deploy", "anna", **body)
            self.assertProblem(answer, 400, "invalid-field")
            self.assertEqual(field, answer["field"], body)
        self.call("overlaps", "deploy", "--limit", "0", code=64)
        self.assertEqual({"items": [], "continue": None},
                         {key: self.get("report").get(key) for key in ("items", "continue")})

    def test_a_long_history_does_not_hold_up_who_campaigns(self):
        def work(index):
            client = self.batond.client()
            for number in range(150):
                token = client.elected("lock-%d" % index, "h", marker="none", mode="observe",
                                       campaignID=str(number))
                if number % 3:
                    client.resign("lock-%d" % index, "h", token)
        in_threads(4, work)
        found = self.get("overlaps?limit=5")
        self.assertEqual(5, len(found["items"]))
        # Fifty of each name are open: each of them with each of the others, and with those that came later.
        self.assertLessEqual(4 * 50 * 49 // 2, found["count"])
        self.assertEqual(600, sum(row["observed"] for row in self.get("report")["items"]))
