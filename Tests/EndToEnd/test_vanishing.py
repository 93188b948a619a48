"""Clients that vanish: while they wait, and at the moment of their election."""

import random
import socket
import time

from support import Story, abort, in_threads, raw_request, until

SECONDS = 30
ROUNDS = 120


class Vanishing(Story):
    def test_a_contender_that_reconnects_keeps_its_place(self):
        client = self.daemon().client()
        token = client.elected("deploy", "anna", marker="none")
        first = client.campaign_stream("deploy", "bela", campaignID="b", marker="none")
        first.waiting()
        second = client.campaign_stream("deploy", "carl", campaignID="c", marker="none")
        self.assertEqual(2, second.waiting()["position"])
        first.reset()
        until(lambda: not client.lease("deploy")["queue"][0]["present"], "bela's request is gone")
        first = client.campaign_stream("deploy", "bela", campaignID="b", marker="none")
        self.assertEqual(1, first.waiting()["position"])
        client.resign("deploy", "anna", token)
        self.assertEqual("elected", first.last()["outcome"])
        self.assertEqual(["carl"], [entry["holderIdentity"] for entry in client.lease("deploy")["queue"]])

    def test_another_campaign_of_the_same_identity_is_another_contender(self):
        client = self.daemon().client()
        client.elected("deploy", "anna", marker="none")
        first = client.campaign_stream("deploy", "bela", campaignID="b1", marker="none")
        first.waiting()
        other = client.campaign_stream("deploy", "bela", campaignID="b2", marker="none")
        self.assertEqual(2, other.waiting()["position"])

    def test_a_polls_place_is_kept_between_two_polls_and_skipped_meanwhile(self):
        client = self.daemon(contender__reconnectGrace="1s").client()
        token = client.elected("deploy", "anna", marker="none")
        polled = client.campaign("deploy", "bela", campaignID="b", marker="none")
        self.assertEqual((202, 1), (polled.status, polled["position"]))
        self.assertEqual("0", polled.headers["retry-after"])
        carl = client.campaign_stream("deploy", "carl", campaignID="c", marker="none")
        carl.waiting()
        client.resign("deploy", "anna", token)
        # Bela isn't there: carl is elected at once.
        self.assertEqual("elected", carl.last()["outcome"])
        polled = client.campaign("deploy", "bela", campaignID="b", marker="none")
        self.assertEqual(1, polled["position"])
        until(lambda: client.lease("deploy")["queueLength"] == 0, "after its grace the place is gone")

    def test_a_contender_that_vanishes_while_it_waits_keeps_nobody_waiting(self):
        client = self.daemon().client()
        token = client.elected("deploy", "anna", marker="none")
        ghosts = [client.campaign_stream("deploy", "ghost-%d" % n, campaignID="g", marker="none") for n in range(10)]
        for ghost in ghosts:
            ghost.waiting()
        bela = client.campaign_stream("deploy", "bela", marker="none")
        self.assertEqual(11, bela.waiting()["position"])
        for index, ghost in enumerate(ghosts):
            ghost.reset() if index % 2 else ghost.close()
        until(lambda: not any(entry["present"] for entry in client.lease("deploy")["queue"][:10]), "the ghosts are seen to be gone")
        client.resign("deploy", "anna", token)
        self.assertEqual("elected", bela.last()["outcome"])

    def test_a_client_that_vanishes_at_its_election_never_leaves_the_name_stuck(self):
        """Its socket closes at a random moment around the election. Who has read `elected` keeps the
        hold; who hasn't loses it to the next at once, or by its own duration of 1 s."""
        daemon = self.daemon()
        told = [0] * ROUNDS
        waits = []

        def rounds(lane):
            client, chance = daemon.client(), random.Random(lane)
            for index in range(lane, ROUNDS, 8):
                self.one(daemon, client, "work-%d" % index, chance, told, index, waits)

        in_threads(8, rounds)
        self.note("%d of %d had read their election; the others' names were free after %.0f ms at most" % (
            sum(told), ROUNDS, max(waits or [0]) * 1e3))

    def one(self, daemon, client, name, chance, told, index, waits):
        token = client.elected(name, "anna", marker="none")
        streams = chance.random() < 0.5
        ghost = socket.create_connection(("127.0.0.1", daemon.port), timeout=30)
        body = {"holderIdentity": "ghost", "campaignID": "g", "marker": "none", "leaseDuration": "1s"}
        headers = ["Accept: application/x-ndjson"] if streams else []
        ghost.sendall(raw_request("POST", client.path("leases/%s/campaign?wait=20s" % name), body, headers=headers))
        until(lambda: client.lease(name)["queueLength"] == 1, "the ghost waits")
        before = chance.random() < 0.5
        pause = chance.uniform(0, 0.002)
        if before:
            self.leave(ghost, chance)
            time.sleep(pause)
        self.assertEqual(200, client.resign(name, "anna", token).status)
        read = b""
        if not before:
            time.sleep(pause)
            ghost.setblocking(False)
            try:
                read = ghost.recv(65536)
            except BlockingIOError:
                pass
            self.leave(ghost, chance)
        if b'"elected"' in read:
            # It was told: the hold is its own, until it expires by itself.
            told[index] = 1
            hers = int(read.split(b'"elected"')[1].split(b'"fencingToken":')[1].split(b",")[0])
            answer = client.renew(name, "ghost", hers)
            self.assertEqual(200, answer.status, answer)
        started = time.monotonic()
        outcome = client.campaign_stream(name, "carl", marker="none").last()
        self.assertEqual("elected", outcome["outcome"])
        if b'"elected"' in read:
            self.assertEqual("expired", outcome["previous"]["end"])
        else:
            waits.append(time.monotonic() - started)

    @staticmethod
    def leave(sock, chance):
        if chance.random() < 0.5:
            abort(sock)
        else:
            sock.close()
