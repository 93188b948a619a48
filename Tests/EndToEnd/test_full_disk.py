"""A disk that is full: writes are refused with the reason, everything else goes on."""

import os
import shutil
import subprocess
import time

from support import Story, until

SECONDS = 15
SIZE = "12m"


def mounting():
    """The command before batond that gives it a small disk of its own, gone with the process; and
    why there is none, if so. As root or in a user namespace of its own."""
    probe = 'mount -t tmpfs -o size=1m none /mnt'
    reason = "unshare isn't installed"
    for unshare in (["unshare", "-m"], ["unshare", "-Urm"]):
        try:
            run = subprocess.run(unshare + ["sh", "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except FileNotFoundError:
            break
        if run.returncode == 0:
            return unshare, None
        reason = "no file system can be mounted here: %s" % run.stdout.strip()
    return None, reason


class FullDisk(Story):
    def setUp(self):
        super().setUp()
        unshare, reason = mounting()
        if reason:
            self.skipTest(reason)
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        script = 'mount -t tmpfs -o size=%s none "$0" && exec "$@"' % SIZE
        self.batond = self.daemon(
            data=os.path.join(self.disk, "data"), wrapper=unshare + ["sh", "-c", script, self.disk])
        # The disk as the daemon sees it.
        self.inside = "/proc/%d/root%s" % (self.batond.pid, self.disk)
        self.client = self.batond.client()

    def fill(self):
        """To the last byte, so that what is tried next finds no room."""
        with open(os.path.join(self.inside, "filler"), "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 512, 64, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def make_room(self):
        os.unlink(os.path.join(self.inside, "filler"))

    def test_a_full_disk_refuses_writes_with_the_reason_and_nothing_else_and_heals_by_itself(self):
        client = self.client
        held = client.elected("held", "anna", leaseDuration="2s")
        waiter = client.campaign_stream("held", "bela")
        waiter.waiting()
        acknowledged = {}
        for index in range(20):
            self.once(client, "before-%d" % index, acknowledged)
        revoked = client.elected("revoked", "anna", leaseDuration="60s")
        for target in ("before-0", "before-1"):
            moved = client.send("PUT", client.path("aliases/there"), {"target": target})["alias"]["revision"]
        self.fill()
        refused = self.write_until_refused(client, acknowledged)
        self.assertProblem(refused, 503, "unavailable")
        self.assertEqual("NoSpace", refused["reason"])
        self.assertIn("full", refused["detail"])
        self.assertTrue(int(refused.headers["retry-after"]) > 0)

        # Every kind of write is refused; renewals and reads go on for longer than the lease lasts.
        writes = [
            ("POST", "leases/new/campaign", {"holderIdentity": "carl"}),
            ("POST", "leases/held/complete", {"holderIdentity": "anna", "fencingToken": held}),
            ("POST", "leases/held/resign", {"holderIdentity": "anna", "fencingToken": held}),
            ("POST", "leases/revoked/revoke", {"fencingToken": revoked, "reason": "x"}),
            ("POST", "leases/held/phase", {"holderIdentity": "anna", "fencingToken": held, "phase": "x"}),
            ("PUT", "markers/new", {"holderIdentity": "carl"}),
            ("PUT", "aliases/latest", {"target": "before-0"}),
            ("POST", "aliases/there/rollback", {"revision": moved}),
            ("DELETE", "aliases/there?revision=%d" % moved, None),
            ("DELETE", "markers/before-2?revision=%d" % client.marker("before-2")["marker"]["revision"], None),
        ]
        began = time.monotonic()
        while time.monotonic() < began + 3:
            for method, rest, body in writes:
                answer = client.send(method, client.path(rest), body)
                self.assertProblem(answer, 503, "unavailable")
                self.assertEqual("NoSpace", answer["reason"])
                self.assertEqual(200, client.renew("held", "anna", held).status)
            self.assertEqual(held, client.lease("held")["fencingToken"])
            self.assertEqual(acknowledged["before-0"], client.marker("before-0")["marker"])
            self.assertEqual(404, client.marker("new").status)
            self.assertEqual(200, client.send("GET", client.path("leases")).status)
            self.assertTrue(client.history("held"))
            status = client.status()
            self.assertFalse(status["ready"])
            self.assertIn("NoSpace", status["degraded"])
            self.assertEqual(503, client.send("GET", "/readyz").status)
            self.assertIn(b"\n[-]store NoSpace: ", client.send("GET", "/readyz?verbose").raw)
            self.assertEqual(200, client.send("GET", "/livez").status)
            metrics = client.send("GET", "/metrics").raw.decode()
            for line in ("baton_ready 0", 'baton_degraded{reason="NoSpace"} 1'):
                self.assertIn("\n%s\n" % line, metrics)
            self.assertNotIn("\nbaton_commits_failed_total 0\n", metrics)

        self.assertProblem(client.renew("held", "anna", 1), 409, "hold-ended")
        self.make_room()
        until(lambda: client.send("GET", "/readyz").status == 200, "it is ready again by itself")
        # What was refused meanwhile is recorded now; what couldn't be done was not done.
        def refused():
            recorded = client.send("GET", "/v1/audit?verb=renew")["items"]
            return [entry for entry in recorded if entry["fencingToken"] == 1]
        self.assertEqual("hold-ended", until(refused, "the refusal is recorded")[0]["reason"])
        self.assertEqual([], client.send("GET", "/v1/audit?verb=revoke")["items"])
        for index in range(20):
            self.once(client, "after-%d" % index, acknowledged)
        self.assertEqual(200, client.renew("held", "anna", held).status)
        self.assertEqual(200, client.complete("held", "anna", held, result={"a": "b"}).status)
        self.assertEqual({"a": "b"}, waiter.last()["marker"]["result"])
        self.judge(acknowledged)

    def test_an_expiry_that_cannot_be_written_hands_nothing_over_and_a_renewal_revives_the_hold(self):
        client = self.client
        held = client.elected("held", "anna", leaseDuration="1s")
        waiter = client.campaign_stream("held", "bela")
        waiter.waiting()
        self.fill()
        self.write_until_refused(client, {})
        # Nobody renews for longer than the lease lasts.
        until(lambda: client.lease("held")["remaining"] == 0, "the deadline is over")
        began = time.monotonic()
        until(lambda: time.monotonic() > began + 1.5, "a while", every=0.1)
        self.assertEqual(held, client.lease("held")["fencingToken"])
        self.assertEqual(200, client.renew("held", "anna", held).status)
        self.make_room()
        until(lambda: self.renewed(client, held) and client.send("GET", "/readyz").status == 200, "it is ready again")
        self.assertTrue(self.renewed(client, held))
        self.assertEqual(held, client.lease("held")["fencingToken"])
        # And now it may expire.
        last = waiter.last()
        self.assertEqual(("elected", "expired"), (last["outcome"], last["previous"]["end"]))

    def renewed(self, client, token):
        return client.renew("held", "anna", token).status == 200

    def once(self, client, name, acknowledged):
        token = client.elected(name, "anna", info={"padding": "x" * 2000})
        answer = client.complete(name, "anna", token, result={"token": str(token)})
        self.assertEqual(200, answer.status, answer)
        acknowledged[name] = answer["marker"]

    def write_until_refused(self, client, acknowledged):
        """Room that the log has already may take some more."""
        for index in range(20000):
            name = "more-%d" % index
            answer = client.send("PUT", client.path("markers/" + name), {
                "holderIdentity": "anna", "result": {"padding": "x" * 4000}})
            if answer.status == 503:
                return answer
            self.assertEqual(201, answer.status, answer)
            acknowledged[name] = answer["marker"]
        raise AssertionError("the disk never was full")

    def judge(self, acknowledged):
        """What is on disk at this moment, as a crash would leave it, has all that was acknowledged."""
        self.batond.pause()
        copy = self.path("copy")
        shutil.copytree(os.path.join(self.inside, "data"), copy)
        self.batond.kill()
        client = self.daemon(data=copy).client()
        for name, marker in acknowledged.items():
            self.assertEqual(marker, client.marker(name)["marker"])
