"""Each limit on the real daemon: exactly as many pass as may, the others don't notice, and who goes makes room."""

import http.client
import os
import re
import socket
import time

from support import Answer, Story, Unreachable, read, script, until
from test_contract import BODIES, READS
from test_tokens import TokenStory

SECONDS = 15

HOLDERS_VERBS = ("renew", "complete", "resign", "phase")


def refusals(client, setting):
    text = client.send("GET", "/metrics").raw.decode()
    return int(re.search(r'^baton_refusals_total\{setting="%s"\} (\d+)$' % re.escape(setting), text, re.M)[1])


class Limits(Story):
    def assertLimit(self, answer, setting, limit):
        self.assertProblem(answer, 429, "too-many")
        self.assertEqual((setting, limit), (answer["setting"], answer["limit"]), answer)
        self.assertIn(setting, answer["detail"])
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)

    def assertFull(self, answer, setting, limit, used):
        self.assertProblem(answer, 403, "quota-exceeded")
        self.assertEqual((setting, "ci", limit, used),
                         (answer["setting"], answer["namespace"], answer["limit"], answer["used"]), answer)


class Waiters(Limits):
    def waits(self, client, name, holder):
        stream = client.campaign_stream(name, holder)
        self.addCleanup(stream.close)
        stream.waiting()
        return stream

    def watches(self, client, name):
        stream = client.stream(client.path("markers/%s?wait=60s" % name))
        self.addCleanup(stream.close)
        stream.waiting()
        return stream

    def makes_room(self, ask):
        """The peer's going is noticed at once, but not before it is asked again."""
        until(lambda: ask().status != 429, "there is room again")

    def test_as_many_wait_for_a_name_as_may(self):
        client = self.daemon(waiters__perName=3).client()
        for name in ("a", "b"):
            client.elected(name, "anna")
        self.waits(client, "a", "bela")
        gone = self.waits(client, "a", "caro")
        self.watches(client, "a")
        self.assertLimit(client.campaign("a", "dora", wait="20s"), "waiters.perName", 3)
        self.assertLimit(client.marker("a", wait="20s"), "waiters.perName", 3)
        self.assertLimit(client.send("GET", client.path("markers?name=b&name=a&wait=20s")), "waiters.perName", 3)
        self.assertEqual(3, refusals(client, "waiters.perName"))
        # Another name doesn't notice, and who doesn't wait is told how things are.
        self.waits(client, "b", "dora")
        self.assertEqual(404, client.marker("a").status)
        gone.close()
        self.makes_room(lambda: client.campaign("a", "dora", wait="10ms"))

    def test_as_many_wait_in_a_namespace_as_may(self):
        batond = self.daemon(waiters__perNamespace=2)
        client, other = batond.client(), batond.client(namespace="release")
        for one in (client, other):
            one.elected("a", "anna")
        gone = self.watches(client, "b")
        self.waits(client, "a", "bela")
        self.assertLimit(client.marker("c", wait="20s"), "waiters.perNamespace", 2)
        self.assertEqual({"used": 2, "limit": 2}, client.send("GET", "/v1/namespaces/ci")["waiters"])
        self.waits(other, "a", "bela")
        gone.close()
        self.makes_room(lambda: client.marker("c", wait="10ms"))

    def test_an_address_has_as_many_waiting_as_may(self):
        batond = self.daemon(waiters__perClient=1)
        client, elsewhere = batond.client(), batond.client()
        elsewhere.connection = http.client.HTTPConnection(
            "127.0.0.1", batond.port, timeout=60, source_address=("127.0.0.2", 0))
        client.elected("a", "anna")
        self.watches(client, "x")
        self.assertLimit(client.campaign("a", "bela", wait="20s"), "waiters.perClient", 1)
        self.assertEqual(202, elsewhere.campaign("a", "bela", wait="10ms").status)
        # What need not wait isn't refused, though it might have waited.
        self.assertEqual("elected", client.campaign("free", "bela", wait="20s").outcome)

    def test_baton_waits_for_room_and_says_so(self):
        batond = self.daemon(waiters__perName=1)
        client = batond.client()
        token = client.elected("lock", "anna", marker="none")
        first = self.baton(batond, "run", "lock", "--", "true")
        until(lambda: client.lease("lock")["queueLength"] == 1, "the first waits")
        second = self.baton(batond, "run", "lock", "--unreachable-timeout", "1s", "--", "true")
        second.until_says("the server has no room for us yet: As many requests wait for this name as may: 1")
        client.resign("lock", "anna", token)
        self.assertEqual((0, 0), (first.wait(), second.wait()))
        self.assertNotIn("no answer", second.err)
        watch = self.watches(client, "work")
        other = self.baton(batond, "wait", "work", "--timeout", "60s")
        other.until_says("the server has no room for us yet")
        watch.close()
        client.send("PUT", client.path("markers/work"), {"holderIdentity": "anna"})
        self.assertEqual(0, other.wait())


class Quotas(Limits):
    def used(self, client):
        state = client.send("GET", "/v1/namespaces/ci").body
        return state["leases"]["used"], state["markers"]["used"], state["markers"]["reserved"]

    def restart(self, batond, client):
        """By a kill."""
        batond.restart()
        client.close()

    def put(self, client, name, **fields):
        return client.send("PUT", client.path("markers/%s" % name), dict(holderIdentity="maria", **fields))

    def test_as_many_leases_as_may_and_they_are_counted_over_a_kill(self):
        batond = self.daemon(namespace__leases=3)
        client = batond.client()
        tokens = {name: client.elected(name, "anna", marker="none") for name in "abc"}
        self.assertFull(client.campaign("d", "anna", wait="1s"), "namespace.leases", 3, 3)
        self.restart(batond, client)
        self.assertEqual((3, 0, 0), self.used(client))
        self.assertFull(client.campaign("d", "anna"), "namespace.leases", 3, 3)
        # What is there goes on: renewed, handed over, taken again.
        self.assertEqual(200, client.renew("a", "anna", tokens["a"]).status)
        self.assertEqual(200, client.resign("b", "anna", tokens["b"]).status)
        client.elected("b", "bela", marker="none")
        batond.client(namespace="release").elected("d", "anna")
        self.assertEqual(1, refusals(client, "namespace.leases"))

    def test_a_hold_for_work_keeps_a_place_for_its_marker(self):
        batond = self.daemon(namespace__markers=3)
        client = batond.client()
        token = client.elected("work", "anna")
        self.assertEqual([201, 201], [self.put(client, name).status for name in "ab"])
        self.assertEqual((1, 2, 1), self.used(client))
        self.assertFull(self.put(client, "c"), "namespace.markers", 3, 3)
        self.assertFull(client.campaign("more", "bela"), "namespace.markers", 3, 3)
        self.restart(batond, client)
        self.assertEqual((1, 2, 1), self.used(client))
        self.assertFull(self.put(client, "c"), "namespace.markers", 3, 3)
        # A lock leaves no marker; what is there is told.
        client.elected("lock", "anna", marker="none")
        self.assertEqual(200, self.put(client, "a").status)
        self.assertEqual(200, client.complete("work", "anna", token, result={"image": "one"}).status)
        self.assertEqual((2, 3, 0), self.used(client))
        self.assertEqual("done", client.campaign("work", "bela").outcome)
        revision = client.marker("a")["marker"]["revision"]
        self.assertEqual(200, client.send("DELETE", client.path("markers/a?revision=%d" % revision)).status)
        self.assertEqual(201, self.put(client, "c").status)

    def test_nothing_new_begins_when_the_bytes_are_used_up(self):
        batond = self.daemon(namespace__bytes=10_000)
        client = batond.client()
        token = client.elected("work", "anna")
        count = 0
        while (answer := self.put(client, "m%d" % count, result={"blob": "x" * 1000})).status == 201:
            count += 1
        used = client.send("GET", "/v1/namespaces/ci")["bytes"]["used"]
        self.assertFull(answer, "namespace.bytes", 10_000, used)
        self.assertEqual(10, count)
        self.assertTrue(10_000 <= used < 11_500, used)
        self.assertFull(client.campaign("lock", "anna", marker="none"), "namespace.bytes", 10_000, used)
        self.assertEqual(200, client.renew("work", "anna", token).status)
        self.assertEqual(200, client.complete("work", "anna", token, result={"blob": "y" * 5000}).status)
        used = client.send("GET", "/v1/namespaces/ci")["bytes"]["used"]
        self.assertEqual(0, batond.stop())
        batond.start()
        client.close()
        self.assertEqual(used, client.send("GET", "/v1/namespaces/ci")["bytes"]["used"])
        self.restart(batond, client)
        self.assertEqual(used, client.send("GET", "/v1/namespaces/ci")["bytes"]["used"])

    def test_baton_says_what_is_full_and_shows_it(self):
        batond = self.daemon(namespace__markers=1)
        client = batond.client()
        self.put(client, "a")
        run = self.baton(batond, "run", "work", "--once", "--", *script("echo ran"))
        self.assertEqual(69, run.wait())
        self.assertIn("Namespace ci has 1 of 1 done markers", run.err)
        self.assertEqual("", run.out)
        quota = self.baton(batond, "quota")
        self.assertEqual(0, quota.wait())
        self.assertRegex(quota.out, r"(?m)^WHAT +USED +LIMIT$")
        self.assertRegex(quota.out, r"(?m)^markers +1 +1$")


class Rates(Limits):
    def exhausts(self, ask, burst, rate):
        """Asks until it is refused: then the burst was let in, and what came in by the time it took."""
        began, passed = time.monotonic(), 0
        while (answer := ask()).status != 429:
            passed += 1
        self.assertTrue(burst <= passed <= burst + rate * (time.monotonic() - began) + 1, passed)
        self.assertLimit(answer, "rate.perSecond", rate)
        return answer

    def refused(self, ask, deadline=60):
        """A bucket that is empty may have got one more token by now."""
        return until(lambda: (answer := ask()).status == 429 and answer, "it is refused", deadline, every=0)

    def test_an_address_is_limited_only_if_that_is_asked_for(self):
        client = self.daemon(rate__perSecond=1, rate__burst=1).client()
        self.assertEqual([200] * 20, [client.send("GET", "/v1/status").status for _ in range(20)])
        batond = self.daemon(rate__perSecond=2, rate__burst=10, rate__limitAddresses="true")
        client, elsewhere = batond.client(), batond.client()
        elsewhere.connection = http.client.HTTPConnection(
            "127.0.0.1", batond.port, timeout=60, source_address=("127.0.0.2", 0))
        self.exhausts(lambda: client.send("GET", "/v1/status"), 10, 2)
        self.assertEqual(200, elsewhere.send("GET", "/v1/status").status)
        self.assertEqual([200] * 30, [client.send("GET", "/readyz").status for _ in range(30)])

    def test_every_request_but_a_holders_is_refused(self):
        batond = self.daemon(rate__perSecond=1, rate__burst=1, rate__limitAddresses="true")
        client = batond.client()
        token = client.elected("held", "anna", leaseDuration="1h")
        for rest, body in BODIES.items():
            if not rest.endswith(HOLDERS_VERBS):
                self.assertLimit(self.refused(lambda: client.send("POST", client.path(rest), body)), "rate.perSecond", 1)
        for ask in [lambda: client.send("PUT", client.path("markers/m"), {"holderIdentity": "anna"}),
                    lambda: client.send("DELETE", client.path("markers/work?revision=1")),
                    lambda: client.send("PUT", client.path("aliases/a"), {"target": "work"}),
                    lambda: client.send("DELETE", client.path("aliases/work?revision=1")),
                    *(lambda path=path: client.send("GET", path) for path in
                      [client.path(rest) for rest in READS] + ["/v1/status", "/v1/namespaces/ci", "/metrics"])]:
            self.assertLimit(self.refused(ask), "rate.perSecond", 1)
        for _ in range(30):
            self.assertEqual(200, client.renew("held", "anna", token).status)
        self.assertEqual(200, client.complete("held", "anna", token).status)
        self.assertEqual(200, client.complete("held", "anna", token).status)

    def test_baton_run_asks_again_when_it_may(self):
        batond = self.daemon(rate__perSecond=1, rate__burst=1, rate__limitAddresses="true")
        client = batond.client()
        self.refused(lambda: client.send("GET", "/v1/status"))
        run = self.baton(batond, "run", "work", "--unreachable-timeout", "1s", "--", *script("echo ran"))
        self.assertEqual((0, "ran\n"), (run.wait(), run.out))


class RatesOfIdentities(TokenStory):
    def test_a_loud_identity_is_refused_keeps_its_hold_and_disturbs_nobody(self):
        self.batond.kill()
        self.batond.settings.update({"rate.perSecond": 1, "rate.burst": 20, "waiters.perClient": 1})
        self.batond.start()
        lease = {"holderIdentity": "run-1"}
        token = self.ask("ci-op", "POST", "leases/a/campaign", lease)["fencingToken"]
        answers = [self.ask("ci-op", "GET", "leases") for _ in range(40)]
        loud = [answer for answer in answers if answer.status == 429]
        self.assertTrue(loud and answers[0].status == 200)
        self.assertEqual("rate.perSecond", loud[0]["setting"])
        claim = dict(lease, fencingToken=token)
        for _ in range(30):
            self.assertEqual(200, self.ask("ci-op", "POST", "leases/a/renew", claim).status)
        self.assertEqual(202, self.ask("other", "POST", "leases/a/campaign", {"holderIdentity": "run-2"}).status)
        self.assertEqual(200, self.ask("ci-op", "POST", "leases/a/complete", claim).status)


class Connections(Limits):
    def test_a_connection_too_many_is_told_so_as_a_problem(self):
        batond = self.daemon(http__connections=3, http__connectionsPerAddress=2)
        kept = [socket.create_connection(("127.0.0.1", batond.port)) for _ in range(2)]
        self.addCleanup(lambda: [sock.close() for sock in kept])
        self.assertShed(self.shed(batond, "127.0.0.1"), "http.connectionsPerAddress", 2)
        kept.append(socket.create_connection(("127.0.0.1", batond.port), source_address=("127.0.0.2", 0)))
        self.assertShed(self.shed(batond, "127.0.0.3"), "http.connections", 3)
        kept.pop().close()
        kept.pop().close()
        client = batond.client()
        until(lambda: self.answers(client), "a connection is taken again")
        self.assertEqual([True, True], [refusals(client, "http." + name) >= 1 for name in (
            "connections", "connectionsPerAddress")])

    def shed(self, batond, source):
        """What is said before anything was asked: a request that is here already makes it a reset."""
        def said():
            with socket.create_connection(("127.0.0.1", batond.port), timeout=60, source_address=(source, 0)) as sock:
                response = http.client.HTTPResponse(sock)
                try:
                    response.begin()
                    return Answer(response.status, response.getheaders(), response.read())
                except (OSError, http.client.HTTPException):
                    return None
        # The connections before may not have been taken yet: then this one is, and says nothing.
        return until(said, "a connection is turned away")

    def assertShed(self, answer, setting, limit):
        self.assertProblem(answer, 503, "unavailable")
        self.assertEqual(("Connections", setting, limit), (answer["reason"], answer["setting"], answer["limit"]))
        self.assertEqual(("1", "close"), (answer.headers["retry-after"], answer.headers["connection"]))

    def answers(self, client):
        try:
            return client.send("GET", "/v1/status", documented=False).status == 200
        except Unreachable:
            return False


class Descriptors(Limits):
    """A daemon that has none left."""

    def test_it_neither_spins_nor_dies_and_waiters_wait_and_holders_renew(self):
        limit = 64
        batond = self.daemon(wrapper=("prlimit", "--nofile=%d:%d" % (limit, limit)))
        client = batond.client()
        token = client.elected("work", "anna", leaseDuration="1h")
        waiter = client.campaign_stream("work", "bela")
        self.addCleanup(waiter.close)
        waiter.waiting()
        flood = []
        self.addCleanup(lambda: [sock.close() for sock in flood])
        shed = lambda: int(re.search(r"^baton_connections_shed_total (\d+)$",
                                     client.send("GET", "/metrics").raw.decode(), re.M)[1])
        for _ in range(2 * limit):
            flood.append(socket.create_connection(("127.0.0.1", batond.port)))
        until(lambda: shed() > 0, "descriptors have run out")
        began, cpu = time.monotonic(), self.cpu(batond)
        renewals = 0
        while time.monotonic() < began + 2:
            # Whoever is turned away comes again: the listener is never at rest.
            flood.append(socket.create_connection(("127.0.0.1", batond.port)))
            self.assertEqual(200, client.renew("work", "anna", token).status)
            renewals += 1
            time.sleep(0.02)
        share = (self.cpu(batond) - cpu) / (time.monotonic() - began)
        self.note("%.0f %% of a processor while descriptors are out, %d renewals" % (100 * share, renewals))
        self.assertLess(share, 0.5)
        self.assertIsNone(batond.process.poll())
        for sock in flood:
            sock.close()
        fresh = batond.client()

        def taken():
            try:
                return fresh.send("GET", "/v1/status").status == 200
            except Unreachable:
                return False
        until(taken, "connections are taken again")
        self.assertEqual(200, client.complete("work", "anna", token).status)
        self.assertEqual("done", waiter.last()["outcome"])

    def cpu(self, batond):
        """Seconds of processor time, user and kernel."""
        fields = read("/proc/%d/stat" % batond.pid).rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
