"""Nothing is said before it is on disk.

A process that is killed loses nothing that the page cache holds, so that crashes alone don't show
this. The kernel's own list of calls does: each answer to a write is sent after a flush has
completed that began after the write which carries it.
"""

import http.client
import socket
import threading

import contract
import strace
from support import Answer, Story, Unreachable, in_threads, raw_request, until

SECONDS = 25
CLIENTS = 6
CYCLES = 15


class Flushes(Story):
    def setUp(self):
        super().setUp()
        reason = strace.why_not()
        if reason:
            self.skipTest(reason)
        self.prefix = self.path("calls")

    def finished(self, daemon):
        self.assertEqual(0, daemon.stop())
        return strace.calls(self.prefix)

    def test_every_answer_to_a_write_follows_a_completed_flush_of_it(self):
        daemon = self.daemon(wrapper=strace.wrapper(self.prefix))

        def cycles(number):
            client = daemon.client()
            for cycle in range(CYCLES):
                once, lock = "once-%d-%d" % (number, cycle), "lock-%d-%d" % (number, cycle)
                token = client.elected(once, "elected-%s-end" % once)
                answer = client.complete(once, "elected-%s-end" % once, token, reason="completed-%s-end" % once)
                self.assertEqual(200, answer.status)
                token = client.elected(lock, "elected-%s-end" % lock, marker="none")
                answer = client.resign(lock, "elected-%s-end" % lock, token, reason="resigned-%s-end" % lock)
                self.assertEqual(200, answer.status)

        in_threads(CLIENTS, cycles)
        calls = self.finished(daemon)
        flushes = [call for call in calls if call.is_flush]
        writes = [call for call in calls if call.is_wal_write]
        sends = [call for call in calls if call.is_send]
        checked = 0
        for number in range(CLIENTS):
            for cycle in range(CYCLES):
                for kind, verbs in (("once", ("elected", "completed")), ("lock", ("elected", "resigned"))):
                    for verb in verbs:
                        self.follows("%s-%s-%d-%d-end" % (verb, kind, number, cycle), writes, flushes, sends)
                        checked += 1
        self.note("%d answers, each after its flush; %d flushes carried them" % (checked, len(flushes)))

    def follows(self, word, writes, flushes, sends):
        sent = next(call for call in sends if word in call.text)
        written = next((call for call in writes if word in call.text), None)
        self.assertIsNotNone(written, "%s was answered, and is nowhere in the write-ahead log" % word)
        flushed = next((call for call in flushes if call.begin >= written.end), None)
        self.assertIsNotNone(flushed, "%s was never flushed" % word)
        self.assertLessEqual(flushed.end, sent.begin, "%s was answered before its flush had completed" % word)

    def test_a_campaign_and_its_complete_on_an_idle_daemon_are_exactly_2_flushes(self):
        daemon = self.daemon(wrapper=strace.wrapper(self.prefix))
        client = daemon.client()
        # The entry of the start has a turn of its own: a read leaves when that is over.
        client.status()
        for cycle in range(20):
            token = client.elected("work-%d" % cycle, "anna")
            client.renew("work-%d" % cycle, "anna", token)
            client.complete("work-%d" % cycle, "anna", token)
        calls = self.finished(daemon)
        requests = [call for call in calls if call.name == "recvfrom" and call.text.count("POST /v1/")]
        answers = [call for call in calls if call.is_send]
        for cycle in range(20):
            begin = next(call.begin for call in requests if "leases/work-%d/campaign" % cycle in call.text)
            asked = next(call.begin for call in requests if "leases/work-%d/complete" % cycle in call.text)
            end = next(call.begin for call in answers if call.begin > asked)
            self.assertEqual(2, len([call for call in calls if call.is_flush and begin <= call.begin <= end]))


class BrokenDisk(Story):
    def setUp(self):
        super().setUp()
        reason = strace.why_not()
        if reason:
            self.skipTest(reason)
        self.batond = self.daemon()
        self.client = self.batond.client()
        self.client.send("PUT", self.client.path("markers/made"), {"holderIdentity": "anna", "result": {"a": "b"}})
        self.token = self.client.elected("held", "anna")

    def test_a_flush_that_fails_is_503_and_the_daemon_opens_its_store_anew_and_goes_on(self):
        client = self.batond.client()
        with strace.Tampering(self.batond, "fdatasync:error=EIO"):
            answer = client.campaign("work", "bela", campaignID="b")
            self.assertProblem(answer, 503, "unavailable")
            self.assertIn(answer["reason"], ("StorageFailed", "Recovering"))
            self.assertTrue(answer.headers["retry-after"])
            self.assertEqual(200, client.renew("held", "anna", self.token).status)
            before = client.status()
            self.assertFalse(before["ready"])
        answer = until(lambda: self.elected_or_none(client), "writing works again")
        self.assertGreater(answer["fencingToken"], self.token)
        self.goes_on(answer["fencingToken"])

    def elected_or_none(self, client):
        answer = client.campaign("work", "bela", campaignID="b")
        return answer if answer.status == 200 else None

    def goes_on(self, token):
        """Before and after a crash: the hold, the marker, and what was elected since."""
        for _ in range(2):
            client = self.batond.client()
            self.assertEqual(200, client.renew("held", "anna", self.token).status)
            self.assertEqual({"a": "b"}, client.marker("made")["marker"]["result"])
            answer = client.campaign("work", "bela", campaignID="b")
            self.assertEqual(("elected", token), (answer.outcome, answer["fencingToken"]))
            self.batond.restart()
        history = [hold["fencingToken"] for hold in self.batond.client().history()]
        self.assertEqual(len(history), len(set(history)))

    def test_a_disk_that_is_slow_for_2_s_takes_no_hold_and_answers_renewals_meanwhile(self):
        client = self.batond.client()
        short = client.elected("short", "anna", leaseDuration="1s")
        answers = []
        with strace.Tampering(self.batond, "fdatasync:delay_enter=2000000"):
            slow = threading.Thread(target=lambda: answers.append(self.batond.client().campaign("work", "bela")))
            slow.start()
            renewed = 0
            while slow.is_alive():
                self.assertEqual(200, client.renew("short", "anna", short).status)
                renewed += 1
                slow.join(0.1)
        self.assertEqual("elected", answers[0].outcome)
        self.assertGreater(renewed, 5)

    def test_a_flush_that_does_not_return_makes_it_unready_and_silences_no_probe(self):
        client = self.batond.client(timeout=20)
        with strace.Tampering(self.batond, "fdatasync:delay_enter=8000000"):
            slow = threading.Thread(target=lambda: self.batond.client().campaign("work", "bela"))
            slow.start()
            until(lambda: client.send("GET", "/readyz").status == 503, "it is not ready", deadline=30, every=0.1)
            self.assertIn(b"[-]commit StorageSlow: ", client.send("GET", "/readyz?verbose").raw)
            self.assertEqual(200, client.send("GET", "/livez").status)
            metrics = client.send("GET", "/metrics").raw
            self.assertIn(b'baton_degraded{reason="StorageSlow"} 1', metrics)
            # Not on disk yet, so not counted: only the hold of the test's beginning.
            self.assertIn(b'baton_elections_total{kind="fresh"} 1\n', metrics)
            self.assertTrue(slow.is_alive(), "the flush is still under way")
            slow.join()
        self.assertEqual(200, client.send("GET", "/readyz").status)
        self.assertIn(b'baton_elections_total{kind="fresh"} 2\n', client.send("GET", "/metrics").raw)

    def test_a_daemon_about_to_stop_says_so_to_every_kind_of_write(self):
        """While a slow flush keeps it from ending: to waiters, and to requests whose end comes only then."""
        client = self.batond.client()
        waits = [
            client.stream(client.path("markers/none?wait=60s")),
            client.campaign_stream("held", "bela"),
        ]
        for stream in waits:
            stream.waiting()
        polls = []
        paths = ("markers/none?wait=20s", "markers?name=none&wait=20s")
        threads = [
            threading.Thread(target=lambda path=path: polls.append(self.batond.client().send("GET", client.path(path))))
            for path in paths]
        for thread in threads:
            thread.start()
        until(lambda: client.status()["waiters"] == 3, "all wait")
        claim = {"holderIdentity": "anna", "fencingToken": self.token}
        with strace.Tampering(self.batond, "fdatasync:delay_enter=3000000"):
            slow = threading.Thread(target=self.ignore_the_end, daemon=True)
            slow.start()
            until(self.turn_in_flight, "a turn is in its flush")
            late = [self.begin(method, client.path(rest), body) for method, rest, body in (
                ("POST", "leases/held/campaign", {"holderIdentity": "bela"}), ("POST", "leases/held/renew", claim),
                ("POST", "leases/held/complete", claim), ("POST", "leases/held/resign", claim),
                ("POST", "leases/held/revoke", {"fencingToken": self.token, "reason": "x"}),
                ("POST", "leases/held/phase", dict(claim, phase="x")),
                ("POST", "leases/held/clear-abandoned", {"fencingToken": self.token, "reason": "x"}),
                ("PUT", "markers/new", {"holderIdentity": "anna"}), ("DELETE", "markers/made?revision=1", None),
            )]
            self.batond.process.terminate()
            for stream in waits:
                self.assertEqual("urn:baton:problem:unavailable", stream.last()["type"])
            for end in late:
                answer = end()
                self.assertProblem(answer, 503, "unavailable")
                self.assertEqual("Stopping", answer["reason"])
        self.assertEqual(0, self.batond.process.wait(60))
        for thread in threads:
            thread.join(60)
        self.assertEqual([503, 503], [poll.status for poll in polls])

    def begin(self, method, path, body):
        """All of a request but its last byte. What it returns sends that, and returns the answer."""
        request = raw_request(method, path, body)
        sock = socket.create_connection(("127.0.0.1", self.batond.port), timeout=30)
        self.addCleanup(sock.close)
        sock.sendall(request[:-1])

        def end():
            sock.sendall(request[-1:])
            response = http.client.HTTPResponse(sock, method=method)
            response.begin()
            answer = Answer(response.status, response.getheaders(), response.read())
            contract.check(method, path, answer.status, answer.headers["content-type"], answer.raw)
            return answer

        return end

    def turn_in_flight(self):
        """Reads leave with their turn, so that one which isn't answered says that a turn is under way."""
        try:
            self.batond.client(timeout=0.2).status()
            return False
        except Unreachable:
            return True

    def ignore_the_end(self):
        try:
            self.batond.client().campaign("slow", "bela")
        except Unreachable:
            pass

    def test_a_store_that_cannot_be_read_is_503_for_what_memory_does_not_know(self):
        # Many names, so that they aren't all on the pages that a start reads; and then a start.
        self.client.send("PUT", self.client.path("aliases/made"), {"target": "made"})
        for index in range(300):
            self.client.resign("l%d" % index, "anna", self.client.elected("l%d" % index, "anna", info={"a": "x" * 500}))
        self.assertEqual(0, self.batond.stop())
        self.batond.start()
        client = self.batond.client()
        old = client.history("l150")[0]["fencingToken"]
        self.assertEqual(0, self.batond.stop())
        self.batond.start()
        client = self.batond.client()
        with strace.Tampering(self.batond, "pread64:error=EIO"):
            asked = ["leases/l150", "leases/l10", "leases", "markers", "history", "leases/l150/history",
                     "leases/l150/fence?token=%d" % old, "markers/m", "markers?name=m", "resolve/nobody",
                     "aliases/made/history", "leases/l150/overlaps", "overlaps", "report"]
            broken = [client.send("GET", client.path(rest)) for rest in asked]
            # Who has resigned must not be told that the lease was lost, because nobody knows any more.
            broken.append(client.resign("l150", "anna", old))
            self.assertProblem(
                client.send("POST", client.path("prune"), {"olderThan": "0s", "dryRun": True}), 503, "unavailable")
            self.assertEqual(200, client.renew("held", "anna", self.token).status)
        whole = [client.send("GET", client.path(rest)) for rest in asked]
        self.assertEqual(
            [200, 200, 200, 200, 200, 200, 200, 404, 202, 404, 200, 200, 200, 200], [answer.status for answer in whole])
        whole.append(client.resign("l150", "anna", old))
        # What SQLite has in memory it can tell; nothing else is told but that it can't be.
        for good, bad in zip(whole, broken):
            if bad.status == 503:
                self.assertProblem(bad, 503, "unavailable")
            else:
                self.assertEqual((good.status, good.outcome), (bad.status, bad.outcome), bad)
        self.assertGreater([answer.status for answer in broken].count(503), 4)
