"""Several names at once, all or none: with the real daemon and the real `baton run`, killed in the middle."""

import os
import time

from support import Story, in_threads, read, script, until

SECONDS = 90
LOCK = dict(marker="none")
PHILOSOPHERS = 5
ROUNDS = 30

# flock(1) gives the forks back when its process dies, whatever it dies of: so who finds one taken has a neighbour.
EAT = """
exec 8>%(folder)s/$BATON_LEASE 9>%(folder)s/${BATON_ALSO%%=*}
flock -n 8 && flock -n 9 || echo "$BATON_HOLDER: $BATON_LEASE $BATON_ALSO" >> %(folder)s/clashes
sleep 0.005
echo "$BATON_HOLDER" >> %(folder)s/meals
"""


class Also(Story):
    def test_one_waits_for_all_of_its_names_and_those_behind_it_wait_too(self):
        client = self.daemon().client()
        second = client.elected("index", "bela", **LOCK)
        anna = client.campaign_stream("registry", "anna", also=["index"], **LOCK)
        waiting = anna.waiting()
        self.assertEqual(("Kept", 1), (waiting["reason"], waiting["position"]))
        self.assertEqual([("index", "Held", "bela", second)],
                         [tuple(other[key] for key in ("name", "reason", "holderIdentity", "fencingToken"))
                          for other in waiting["also"]])
        behind = client.campaign("registry", "caro", **LOCK)
        self.assertEqual((202, "Kept", 2), (behind.status, behind["reason"], behind["position"]))
        self.assertEqual([("anna", ["registry"])],
                         [(one["holderIdentity"], one["also"]) for one in client.lease("index")["queue"]])
        client.resign("index", "bela", second)
        elected = anna.last()
        self.assertEqual(("elected", ["index"]), (elected["outcome"], [o["name"] for o in elected["also"]]))
        self.assertEqual(["registry"], client.lease("index")["also"])
        # The same again: the same tokens. With other names: both.
        again = client.campaign("registry", "anna", also=["index"], **LOCK)
        self.assertEqual((elected["fencingToken"], elected["also"][0]["fencingToken"]),
                         (again["fencingToken"], again["also"][0]["fencingToken"]))
        other = client.campaign("registry", "anna", also=["cdn"], **LOCK)
        self.assertProblem(other, 409, "names-conflict")
        self.assertEqual((["registry", "index"], ["registry", "cdn"]), (other["current"], other["asked"]))
        # Each is on its own.
        client.revoke("index", elected["also"][0]["fencingToken"])
        self.assertEqual(200, client.renew("registry", "anna", elected["fencingToken"]).status)

    def test_what_contradicts_is_refused(self):
        daemon = self.daemon()
        client = daemon.client()
        for fields in (dict(also=[]), dict(also=["a"]), dict(also=["b", "b"]), dict(also=["B"]), dict(also="b"),
                       dict(also=["b"], permits=3), dict(also=["n%d" % n for n in range(16)])):
            self.assertProblem(client.campaign("a", "anna", **dict(LOCK, **fields)), 400, "invalid-field")
        self.assertProblem(client.campaign("a", "anna", also=["b"]), 400, "invalid-field")
        client.elected("b", "bela")
        conflict = client.campaign("a", "anna", also=["b"], **LOCK)
        self.assertProblem(conflict, 409, "marker-mode-conflict")
        self.assertEqual("b", conflict["about"])
        for arguments in (["--also", "b", "--once"], ["--also", "b", "--input", "x"], ["--also", "a"],
                          ["--also", "b", "--also", "b"], ["--also", "B"]):
            run = self.baton(daemon, "run", "a", *arguments, "--", "true")
            self.assertEqual(64, run.wait(), run.err)
            self.assertIn("--also", run.err)

    def test_a_run_gets_all_tokens_and_gives_all_back(self):
        daemon = self.daemon()
        run = self.baton(daemon, "run", "registry", "--also", "index", "--also", "cdn", "--outcome-file",
                         self.path("outcome"), "--",
                         *script('echo "$BATON_FENCING_TOKEN" "$BATON_ALSO" > %s/tokens' % self.folder))
        self.assertEqual(0, run.wait(), run.err)
        client = daemon.client()
        tokens = {name: client.history(name)[0]["fencingToken"] for name in ("registry", "index", "cdn")}
        self.assertEqual("%(registry)d index=%(index)d cdn=%(cdn)d\n" % tokens, read(self.path("tokens")))
        for name in tokens:
            self.assertEqual("resigned", client.history(name)[0]["end"])
        campaign = self.baton(daemon, "campaign", "registry", "--also", "index", "--holder", "anna")
        self.assertEqual(0, campaign.wait(), campaign.err)
        printed = dict(line.split("=") for line in campaign.out.split())
        self.assertEqual(int(printed["index"]), client.lease("index")["fencingToken"])
        for name, token in printed.items():
            self.assertEqual(200, client.resign(name, "anna", int(token)).status)

    def test_a_run_that_loses_one_of_them_stops_and_gives_the_others_back(self):
        daemon = self.daemon()
        client = daemon.client()
        run = self.baton(daemon, "run", "registry", "--also", "index", "--renew-interval", "200ms", "--",
                         *script("echo at work > %s/begun; sleep 1000" % self.folder))
        until(lambda: os.path.exists(self.path("begun")), "the command runs")
        waiting = client.campaign_stream("registry", "bela", **LOCK)
        waiting.waiting()
        client.revoke("index", client.lease("index")["fencingToken"])
        self.assertEqual(75, run.wait(), run.err)
        elected = waiting.last()
        self.assertEqual(("elected", "abandoned"), (elected["outcome"], elected["previous"]["end"]))

    def test_a_run_that_is_killed_leaves_all_of_them_abandoned_without_an_expiry(self):
        daemon = self.daemon()
        client = daemon.client()
        run = self.baton(daemon, "run", "registry", "--also", "index", "--also", "cdn", "--",
                         *script("echo at work > %s/begun; sleep 1000" % self.folder))
        until(lambda: os.path.exists(self.path("begun")), "the command runs")
        next = client.campaign_stream("cdn", "bela", also=["index", "registry"], **LOCK)
        next.waiting()
        killed = time.monotonic()
        run.kill()
        elected = next.last()
        self.assertEqual("elected", elected["outcome"])
        self.assertLess(time.monotonic() - killed, 30)
        self.assertEqual(["abandoned"] * 3, [client.history(name)[-1]["end"] for name in ("cdn", "index", "registry")])

    def test_dining_philosophers(self):
        daemon = self.daemon()

        def forks(number):
            return "fork-%d" % (number % PHILOSOPHERS), "fork-%d" % ((number + 1) % PHILOSOPHERS)

        def eat(number, work, holder):
            left, right = forks(number)
            return self.baton(daemon, "run", left, "--also", right, "--holder", holder, "--", *script(work))

        def meals():
            return read(self.path("meals")).count("\n") if os.path.exists(self.path("meals")) else 0

        def dine(number):
            for _ in range(ROUNDS):
                run = eat(number, EAT % {"folder": self.folder}, "philosopher-%d" % number)
                self.assertEqual(0, run.wait(60), run.err)

        def trouble():
            until(lambda: meals() > 20, "they eat", deadline=60)
            choking = eat(0, (EAT % {"folder": self.folder}) + "echo > %s/choking; sleep 1000" % self.folder, "choking")
            until(lambda: os.path.exists(self.path("choking")), "one chokes", deadline=60)
            choking.kill()
            until(lambda: meals() > 60, "they go on", deadline=60)
            daemon.restart()

        in_threads(PHILOSOPHERS + 1, lambda number: trouble() if number == PHILOSOPHERS else dine(number))
        self.assertFalse(os.path.exists(self.path("clashes")), "neighbours ate at once")
        eaten = read(self.path("meals")).split()
        self.assertEqual([ROUNDS] * PHILOSOPHERS, [eaten.count("philosopher-%d" % n) for n in range(PHILOSOPHERS)])
        self.assertEqual(0, daemon.client().status()["holds"])
