"""Clients that fall silent: no FIN, no reset, packets just stop, as when a machine loses its power.

It takes a network that can be broken, so a network namespace on a veth pair, and root to make them.
"""

import ctypes
import os
import random
import socket
import subprocess
import threading
import time

from support import Daemon, Story, raw_request, until

SECONDS = 25

CLONE_NEWNET = 0x40000000
# The probes end 15 s after the last sign of life (6 s, then 3 probes 3 s apart); the rest is for a slow machine.
NOTICED_WITHIN = 40


def ip(*arguments):
    run = subprocess.run(["ip", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        raise OSError("ip %s: %s" % (" ".join(arguments), run.stdout.strip()))


class Island:
    """A network namespace, joined to this one by a veth pair, until it is cut off."""

    def __init__(self):
        number = random.randrange(1 << 14)
        self.name = "baton-%d" % number
        self.near, self.far = "btn%dn" % number, "btn%df" % number
        # RFC 2544 reserves 198.18.0.0/15 for tests of networks.
        net = (198 << 24) + (18 << 16) + number * 4
        self.here, self.there = (socket.inet_ntoa((net + host).to_bytes(4, "big")) for host in (1, 2))
        ip("netns", "add", self.name)
        try:
            ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.name)
            ip("address", "add", self.here + "/30", "dev", self.near)
            ip("link", "set", self.near, "up")
            ip("-n", self.name, "address", "add", self.there + "/30", "dev", self.far)
            ip("-n", self.name, "link", "set", self.far, "up")
        except OSError:
            self.remove()
            raise

    def remove(self):
        # The pair's other end goes with it.
        subprocess.run(["ip", "link", "delete", self.near], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "netns", "delete", self.name], stderr=subprocess.DEVNULL)

    def connect(self, port):
        """A connection from there to here. Only a thread of its own changes its namespace."""
        made = []

        def inside():
            try:
                with open("/run/netns/" + self.name) as file:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                made.append(socket.create_connection((self.here, port), timeout=60))
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def cut_off(self):
        """From here on packets go to an address that nobody has: both sides hear nothing, not even an error."""
        nobody = "02:00:00:00:00:99"
        ip("neighbor", "replace", self.there, "lladdr", nobody, "dev", self.near, "nud", "permanent")
        ip("-n", self.name, "neighbor", "replace", self.here, "lladdr", nobody, "dev", self.far, "nud", "permanent")


class ReachableDaemon(Daemon):
    def __init__(self, folder, address, settings):
        super().__init__(folder, dict(settings, insecureListen="true"))
        self.address = address

    def command(self):
        return super().command() + ["--set", "listen=127.0.0.1:%d,%s:%d" % (self.port, self.address, self.port)]


class Silence(Story):
    def island(self):
        if os.geteuid() != 0:
            self.skipTest("only root may make a network namespace, in which packets can be lost")
        try:
            island = Island()
        except OSError as error:
            self.skipTest("no network namespace can be made here: %s" % error)
        self.addCleanup(island.remove)
        return island

    def test_clients_that_fall_silent_lose_their_places_within_seconds(self):
        island = self.island()
        daemon = ReachableDaemon(self.folder, island.here, {
            "contender.reconnectGrace": "1s", "wait.longPollMax": "10m"})
        self.daemons.append(daemon)
        client = daemon.start().client()
        token = client.elected("deploy", "anna", marker="none")
        lost = []
        for holder, headers in (("bela", ["Accept: application/x-ndjson"]), ("carl", [])):
            ghost = island.connect(daemon.port)
            self.addCleanup(ghost.close)
            ghost.sendall(raw_request(
                "POST", client.path("leases/deploy/campaign?wait=9m"), {"holderIdentity": holder, "marker": "none"},
                headers=headers))
            lost.append(ghost)
            until(lambda: client.lease("deploy")["queueLength"] == len(lost), "%s waits" % holder)
        watcher = island.connect(daemon.port)
        self.addCleanup(watcher.close)
        watcher.sendall(raw_request("GET", client.path("markers/import?wait=9m")))
        until(lambda: client.status()["waiters"] == 1, "the marker is waited for")
        dora = client.campaign_stream("deploy", "dora", marker="none")
        self.assertEqual(3, dora.waiting()["position"])

        island.cut_off()
        started = time.monotonic()
        until(lambda: [entry["holderIdentity"] for entry in client.lease("deploy")["queue"]] == ["dora"],
              "the silent contenders are gone", NOTICED_WITHIN, every=0.1)
        until(lambda: client.status()["waiters"] == 0, "the silent waiter is gone", NOTICED_WITHIN)
        self.note("their places were free %.1f s after the last packet" % (time.monotonic() - started))
        self.assertEqual(200, client.resign("deploy", "anna", token).status)
        self.assertEqual("elected", dora.last()["outcome"])
