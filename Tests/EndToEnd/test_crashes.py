"""A daemon killed at any instant: nothing that was acknowledged is lost."""

import random
import threading
import time

from support import Story, Unreachable, until

EXCLUSIVE = True
SECONDS = 40
KILLS = 25
CLIENTS = 12


class Load:
    """One client under load, with what it was told. It behaves as a good client does: what got
    no answer, or a 503, is unknown, and is asked again with the same words."""

    def __init__(self, daemon, number, stop):
        self.client = daemon.client(namespace="load", timeout=10)
        self.number = number
        self.stop = stop
        self.markers = {}       # name → marker, acknowledged
        self.tokens = {}        # token → name
        self.of_name = {}       # name → tokens, in the order in which they were told
        self.faults = []
        self.retries = 0

    def ask(self, send):
        """Until it is answered: a retry must have the same effect."""
        while True:
            try:
                answer = send()
                if answer.status != 503:
                    return answer
            except Unreachable:
                pass
            self.retries += 1
            if self.stop.is_set():
                return None
            time.sleep(0.02)

    def note_token(self, name, token):
        before = self.tokens.setdefault(token, name)
        if before != name:
            self.faults.append("token %d was given for %s and %s" % (token, before, name))
        seen = self.of_name.setdefault(name, [])
        if not seen or seen[-1] != token:
            if seen and token < seen[-1]:
                self.faults.append("%s: token %d came after %d" % (name, token, seen[-1]))
            seen.append(token)

    def run(self):
        try:
            step = 0
            while not self.stop.is_set():
                step += 1
                if step % 3:
                    self.once("work-%d-%d" % (self.number, step))
                else:
                    self.lock("lock-%d" % (self.number % 4))
        except Exception as error:  # noqa: B902  told by the test
            self.faults.append("client %d: %r" % (self.number, error))

    def once(self, name):
        me = "client-%d" % self.number
        answer = self.ask(lambda: self.client.campaign(name, me, campaignID="c-%d" % self.number))
        if answer is None:
            return
        if answer.outcome != "elected":
            self.faults.append("%s is mine alone, and I was told %r" % (name, answer))
            return
        token = answer["fencingToken"]
        self.note_token(name, token)
        answer = self.ask(lambda: self.client.renew(name, me, token))
        if answer is not None and answer.status != 200:
            self.faults.append("%s: my renewal was refused: %r" % (name, answer))
        answer = self.ask(lambda: self.client.complete(name, me, token, result={"token": str(token)}))
        if answer is not None:
            if answer.status != 200:
                self.faults.append("%s: my complete was refused: %r" % (name, answer))
            else:
                self.markers[name] = answer["marker"]

    def lock(self, name):
        """Contended by three clients. Short leases: an unanswered election may hold it."""
        me = "client-%d" % self.number
        answer = self.ask(lambda: self.client.campaign(
            name, me, wait="2s", campaignID="c-%d" % self.number, marker="none", leaseDuration="60s"))
        if answer is None or answer.outcome != "elected":
            return
        token = answer["fencingToken"]
        self.note_token(name, token)
        answer = self.ask(lambda: self.client.resign(name, me, token))
        if answer is not None and answer.status != 200:
            self.faults.append("%s: my resign was refused: %r" % (name, answer))


class Crashes(Story):
    def test_25_SIGKILLs_under_the_load_of_12_clients_lose_no_marker_and_repeat_no_token(self):
        daemon = self.daemon()
        keeper = Keeper(daemon)
        stop = threading.Event()
        loads = [Load(daemon, number, stop) for number in range(CLIENTS)]
        threads = [threading.Thread(target=load.run, daemon=True) for load in loads]
        for thread in threads:
            thread.start()
        highest = 0
        for kill in range(KILLS):
            before = sum(len(load.markers) for load in loads)
            until(lambda: sum(len(load.markers) for load in loads) > before + 4 * CLIENTS, "the load goes on")
            # At any instant: what is random here decides nothing about the outcome.
            time.sleep(random.uniform(0, 0.1))
            daemon.kill()
            daemon.start()
            keeper.renew()
            revision = daemon.client().revision()
            self.assertGreaterEqual(revision, highest, "the revision went back")
            highest = max([revision] + [token for load in loads for token in list(load.tokens)])
        stop.set()
        for thread in threads:
            thread.join(60)
        self.assertEqual([], [fault for load in loads for fault in load.faults][:10])
        self.judge(daemon, loads)
        # The last word: what is on disk is whole.
        daemon.restart()
        self.judge(daemon, loads)
        self.note("%d kills, %d markers acknowledged, %d tokens, %d requests asked again" % (
            KILLS, sum(len(load.markers) for load in loads), sum(len(load.tokens) for load in loads),
            sum(load.retries for load in loads)))

    def judge(self, daemon, loads):
        client = daemon.client(namespace="load")
        stored, next_part = {}, ""
        while True:
            page = client.send("GET", "/v1/namespaces/load/markers?limit=1000" + next_part).body
            stored.update((marker["name"], marker) for marker in page["items"])
            if "continue" not in page:
                break
            next_part = "&continue=" + page["continue"]
        for load in loads:
            for name, marker in load.markers.items():
                self.assertEqual(marker, stored.get(name), "an acknowledged marker is lost or changed")
        owners = {}
        for load in loads:
            for token, name in load.tokens.items():
                self.assertEqual(name, owners.setdefault(token, name), "one token for two names")
                holder = owners.setdefault(("holder", token), load.number)
                self.assertEqual(load.number, holder, "one token for two holders")
        for name in sorted({name for load in loads for name in load.of_name}):
            history = [hold["fencingToken"] for hold in client.history(name)][::-1]
            self.assertEqual(sorted(set(history)), history, name)
            told = {token for load in loads for token in load.of_name.get(name, ())}
            self.assertLessEqual(told, set(history), "%s: a token that was told isn't in the history" % name)


class Keeper:
    """A holder that renews through every crash as if nothing had happened."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.client = daemon.client(namespace="load")
        self.token = self.client.elected("kept", "keeper", marker="none", leaseDuration="60s")

    def renew(self):
        answer = self.daemon.client(namespace="load").renew("kept", "keeper", self.token)
        assert answer.status == 200, answer
        assert answer["lease"]["fencingToken"] == self.token, answer


class Restarts(Story):
    def test_after_a_restart_every_hold_has_a_full_duration(self):
        daemon = self.daemon()
        client = daemon.client()
        tokens = {name: client.elected(name, "anna", leaseDuration="3s") for name in ("a", "b", "c")}
        # Nearly over, and the daemon is down when it would be.
        until(lambda: client.lease("a")["remaining"] < 1.5, "half of the duration is over")
        daemon.kill()
        time.sleep(2)  # Longer than what was left: the subject is an outage.
        started = time.monotonic()
        daemon.start()
        client = daemon.client()
        for name, token in tokens.items():
            lease = client.lease(name).body
            self.assertEqual((True, token), (lease["held"], lease["fencingToken"]))
            # A full duration from the restart; less what this has taken so far.
            self.assertGreater(lease["remaining"], 3 - (time.monotonic() - started) - 0.1)
            self.assertEqual(200, client.renew(name, "anna", token).status)

    def test_who_waited_through_a_restart_is_told_to_come_back_and_is_elected_then(self):
        daemon = self.daemon()
        client = daemon.client()
        token = client.elected("work", "anna")
        stream = client.campaign_stream("work", "bela", campaignID="b")
        stream.waiting()
        self.assertEqual(0, daemon.stop())
        lines = []
        while not lines or lines[-1] is not None:
            lines.append(stream.next())
        self.assertEqual(["reconnect", "urn:baton:problem:unavailable"], [line["type"] for line in lines[:-1]])
        daemon.start()
        stream = daemon.client().campaign_stream("work", "bela", campaignID="b")
        stream.waiting()
        self.assertEqual(200, daemon.client().resign("work", "anna", token).status)
        self.assertEqual("elected", stream.last()["outcome"])

    def test_an_election_that_was_not_answered_is_answered_again_with_the_same_token(self):
        daemon = self.daemon()
        token = daemon.client().elected("work", "anna", campaignID="c")
        daemon.restart()
        answer = daemon.client().campaign("work", "anna", campaignID="c")
        self.assertEqual(("elected", token), (answer.outcome, answer["fencingToken"]))
        other = daemon.client().campaign("work", "anna", campaignID="d")
        self.assertEqual((202, "SameIdentityHolds"), (other.status, other["reason"]))
        self.assertEqual(200, daemon.client().complete("work", "anna", token).status)
        daemon.restart()
        again = daemon.client().complete("work", "anna", token)
        self.assertEqual(200, again.status, again)
