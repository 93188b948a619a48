"""What kubectl's leases mean to /v1 and the other way round, and who may do what."""

import json
import time

from kubectl import WithHands, lease

SECONDS = 20


class Meaning(WithHands):
    """They are the same leases as those of /v1."""

    def test_a_hold_of_v1_cant_be_stolen(self):
        self.each(self.cant_be_stolen)

    def cant_be_stolen(self, hand):
        path = "namespaces/%s/leases/work" % hand.namespace
        claim = {"holderIdentity": "run-1", "leaseDuration": "1h"}
        claim["fencingToken"] = self.v1("POST", path + "/campaign", claim)["fencingToken"]
        del claim["leaseDuration"]
        stolen = {"spec": {"holderIdentity": "thief"}}
        for arguments, input in (
                (["patch", "lease", "work", "-p", json.dumps(stolen)], None),
                (["patch", "lease", "work", "--type=merge", "-p", '{"spec":{"holderIdentity":null}}'], None),
                (["replace", "-f", "-"], lease("work", holderIdentity="thief")),
                (["apply", "--server-side", "--force-conflicts", "-f", "-"], lease("work", holderIdentity="thief")),
                (["apply", "-f", "-"], lease("work", holderIdentity="thief", leaseDurationSeconds=1))):
            refused = hand(*arguments, input=input, code=1)
            self.assertIn("run-1 holds the lease, elected by a campaign", refused)
        hand("label", "lease", "work", "team=x")
        hand("annotate", "lease", "work", "note=hello")
        self.v1("POST", path + "/renew", claim)
        found = hand.json("get", "lease", "work")
        self.assertEqual(
            ("run-1", {"team": "x"}, "hello", str(claim["fencingToken"])),
            (found["spec"]["holderIdentity"], found["metadata"]["labels"], found["metadata"]["annotations"]["note"],
             found["metadata"]["annotations"]["coordination.baton.dev/fencing-token"]))
        self.is_revoked(hand, path, claim)

    def is_revoked(self, hand, path, claim):
        """A delete ends the hold, and says so to everybody."""
        self.assertIn('"work" deleted', hand("delete", "lease", "work"))
        ended = self.v1("POST", path + "/renew", claim, status=409)
        self.assertEqual("urn:baton:problem:hold-ended", ended["type"])
        last = self.v1("GET", path + "/history")["items"][0]
        self.assertEqual((claim["fencingToken"], "revoked"), (last["fencingToken"], last["end"]))
        audit = self.v1("GET", "audit?namespace=" + hand.namespace)["items"]
        self.assertTrue(
            [entry for entry in audit if entry["identity"] == "ops" and entry.get("name") == "work"], audit)
        again = self.v1("POST", path + "/campaign", {"holderIdentity": "run-2"})
        self.assertGreater(again["fencingToken"], claim["fencingToken"])

    def test_a_lease_of_kubectl_is_waited_for(self):
        self.each(self.is_waited_for)

    def is_waited_for(self, hand):
        hand("create", "-f", "-", input=lease("deploy", holderIdentity="controller", leaseDurationSeconds=3600))
        run = self.baton(
            self.batond, "run", "deploy", "--", "sh", "-c", "echo done", env={"BATON_TOKEN": self.secret},
            namespace=hand.namespace)
        run.until_says("controller")
        refused = self.v1(
            "POST", "namespaces/%s/leases/deploy/campaign" % hand.namespace,
            {"holderIdentity": "run-2", "marker": "none"}, status=202)
        self.assertEqual(("waiting", "controller"), (refused["outcome"], refused["lease"]["holderIdentity"]))
        emptied = time.monotonic()
        hand("patch", "lease", "deploy", "-p", '{"spec":{"holderIdentity":""}}')
        self.assertEqual(0, run.wait())
        self.assertEqual("done\n", run.out)
        # Nobody waits an hour for it, nor a second that it doesn't take to begin.
        self.assertLess(time.monotonic() - emptied, 10)
        self.expires(hand)

    def expires(self, hand):
        began = time.monotonic()
        hand("create", "-f", "-", input=lease("nightly", holderIdentity="controller", leaseDurationSeconds=2))
        elected = self.v1(
            "POST", "namespaces/%s/leases/nightly/campaign?wait=20s" % hand.namespace,
            {"holderIdentity": "run-1", "marker": "none"})
        self.assertGreaterEqual(time.monotonic() - began, 2)
        self.assertEqual(("elected", "expired"), (elected["outcome"], elected["previous"]["end"]))
        found = hand.json("get", "lease", "nightly")
        self.assertEqual("run-1", found["spec"]["holderIdentity"])

    def test_roles(self):
        self.each(self.may)

    def may(self, hand):
        run, vera = hand.holding(self.configs["run"]), hand.holding(self.configs["vera"])
        run("create", "-f", "-", input=lease("mine", holderIdentity="me"))
        run("apply", "--server-side", "-f", "-", input=lease("ours"))
        run("patch", "lease", "mine", "-p", '{"spec":{"holderIdentity":"you"}}')
        run("replace", "-f", "-", input=lease("mine"))
        for arguments in (["lease", "mine"], ["leases", "--all"], ["ns", hand.namespace]):
            self.assertRegex(run("delete", *arguments, code=1), 'User "run" cannot delete')
        for arguments, input in (
                (["create", "-f", "-"], lease("hers")), (["label", "lease", "mine", "a=b"], None),
                (["apply", "--server-side", "-f", "-"], lease("mine")), (["delete", "lease", "mine"], None)):
            self.assertRegex(vera(*arguments, input=input, code=1), 'User "vera" cannot (create|patch|delete)')
        for who, verb, answer in (
                (run, "create", "yes"), (run, "patch", "yes"), (run, "delete", "no"), (vera, "get", "yes"),
                (vera, "watch", "yes"), (vera, "update", "no"), (hand, "deletecollection", "yes")):
            said = who("auth", "can-i", verb, "leases", code=0) if answer == "yes" else None
            if said is None:
                who("auth", "can-i", verb, "leases", code=1)
            else:
                self.assertEqual("yes\n", said)
        if hand.version >= 27:
            self.assertRegex(run("auth", "whoami"), r"Username +run\n")
