"""Shared and exclusive holds, permits, what is abandoned, phases: with the real daemon, killed in the middle."""

from support import Story, until

SECONDS = 15
SHARED = dict(marker="none", mode="shared")


class Modes(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()
        self.client = self.batond.client()

    def holders(self, name):
        return [hold["holderIdentity"] for hold in self.client.lease(name).get("holders", [])]

    def test_two_publishers_and_an_annotator_with_a_kill_in_the_middle(self):
        client = self.client
        first = client.elected("images", "push-1", leaseDuration="2s", work="publish-1", **SHARED)
        second = client.elected("images", "push-2", **SHARED)
        self.assertEqual(200, client.claim("phase", "images", "push-1", first, phase="pushing").status)
        self.assertEqual(["push-1", "push-2"], self.holders("images"))
        self.assertEqual("pushing", client.lease("images")["holders"][0]["phase"])
        self.batond.restart()
        client = self.client = self.batond.client()
        annotator = client.campaign_stream("images", "annotate", marker="none")
        waiting = annotator.waiting()
        self.assertEqual(["push-1", "push-2"], [hold["holderIdentity"] for hold in waiting["lease"]["holders"]])
        # Nobody passes the annotator.
        self.assertEqual(202, client.campaign("images", "push-3", **SHARED).status)
        self.assertEqual(200, client.renew("images", "push-2", second).status)
        until(lambda: self.holders("images") == ["push-2"], "push-1 expires")
        fence = client.send("GET", client.path("leases/images/fence?token=%d" % second))
        self.assertEqual((True, "push-2"), (fence["current"], fence["holderIdentity"]))
        fence = client.send("GET", client.path("leases/images/fence?token=%d" % first))
        self.assertEqual((False, "expired"), (fence["current"], fence["ended"]["end"]))
        self.assertEqual(200, client.resign("images", "push-2", second).status)
        elected = annotator.last()
        self.assertEqual("elected", elected["outcome"])
        told = elected["abandoned"][0]
        self.assertEqual((first, "push-1", "pushing", "expired", "publish-1"),
                         tuple(told[key] for key in ("fencingToken", "holderIdentity", "phase", "end", "work")))
        record = [hold for hold in client.history("images") if hold["fencingToken"] == first][0]
        self.assertEqual(["pushing"], [phase["phase"] for phase in record["phases"]])

    def test_abandoned_holds_refuse_until_an_operator_or_the_same_work_clears_them(self):
        client = self.client
        careful = dict(marker="none", failOnAbandoned=True)
        for work in ("publish-1", "publish-2"):
            token = client.elected("images", work, work=work, **SHARED)
            client.resign("images", work, token, outcome="abandoned", reason="killed")
        answer = client.campaign("images", "annotate", **careful)
        self.assertProblem(answer, 409, "abandoned-holds")
        self.assertEqual(["publish-1", "publish-2"], [hold["work"] for hold in answer["abandoned"]])
        self.batond.restart()
        client = self.batond.client()
        again = client.elected("images", "again", work="publish-2", **SHARED)
        client.resign("images", "again", again)
        left = client.campaign("images", "annotate", **careful)["abandoned"]
        self.assertEqual(["publish-1"], [hold["work"] for hold in left])
        clear = {"fencingToken": left[0]["fencingToken"], "reason": "its images are deleted"}
        first = client.send("POST", client.path("leases/images/clear-abandoned"), clear)
        self.assertEqual((200, "publish-1"), (first.status, first["cleared"]["work"]))
        self.assertEqual(first.body, client.send("POST", client.path("leases/images/clear-abandoned"), clear).body)
        client.elected("images", "annotate", **careful)
        entries = client.send("GET", "/v1/audit?verb=clear-abandoned")["items"]
        self.assertEqual([("done", "its images are deleted")], [(e["outcome"], e["reason"]) for e in entries])

    def test_so_many_permits_are_out_at_a_time(self):
        client = self.client
        tokens = [client.elected("downloads", "run-%d" % n, marker="none", permits=2) for n in range(2)]
        waiting = [client.campaign_stream("downloads", "run-%d" % n, marker="none", permits=2) for n in (2, 3)]
        for stream in waiting:
            stream.waiting()
        self.assertProblem(client.campaign("downloads", "x", marker="none", permits=8), 409, "mode-conflict")
        self.assertProblem(client.campaign("downloads", "x", **SHARED), 409, "mode-conflict")
        client.resign("downloads", "run-0", tokens[0])
        self.assertEqual("elected", waiting[0].last()["outcome"])
        self.assertEqual(2, client.lease("downloads")["holderCount"])
        self.assertEqual(200, client.revoke("downloads", tokens[1]).status)
        self.assertEqual("elected", waiting[1].last()["outcome"])

    def test_each_hold_is_a_Lease_with_the_name_as_its_label(self):
        client = self.client
        leases = "/apis/coordination.k8s.io/v1/namespaces/ci/leases"
        tokens = [client.elected("images", "push-%d" % n, **SHARED) for n in range(2)]
        found = client.send("GET", leases + "?labelSelector=coordination.baton.dev/name%3Dimages", documented=False)
        self.assertEqual([("images.hold-%d" % token, "push-%d" % n) for n, token in enumerate(tokens)],
                         [(item["metadata"]["name"], item["spec"]["holderIdentity"]) for item in found["items"]])
        gone = client.send("DELETE", leases + "/images.hold-%d" % tokens[0], documented=False)
        self.assertEqual(200, gone.status)
        self.assertEqual(["push-1"], self.holders("images"))
        ended = client.history("images")[-1]
        self.assertEqual((tokens[0], "revoked"), (ended["fencingToken"], ended["end"]))
        self.assertProblem(client.campaign("images.hold-%d" % tokens[1], "x"), 409, "held")
        self.assertProblem(client.campaign("images.hold-9999", "x"), 400, "invalid-field")

    def test_a_phase_is_for_the_holder(self):
        client = self.client
        token = client.elected("work", "anna")
        self.assertProblem(client.claim("phase", "work", "bela", token, phase="x"), 409, "not-the-holder")
        self.assertProblem(client.claim("phase", "work", "anna", token + 1, phase="x"), 409, "hold-ended")
        self.assertEqual("x", client.claim("phase", "work", "anna", token, phase="x")["lease"]["phase"])
        self.assertProblem(client.send("POST", client.path("leases/work/clear-abandoned"),
                                       {"fencingToken": token, "reason": "x"}), 404, "not-found")
