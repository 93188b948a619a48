"""Clients that mean ill, or are broken: they hold connections and lead nowhere.

Honest clients go on meanwhile, every attacker is cut off in its time, and nothing of it stays behind: no
connection, no descriptor. What it costs the honest ones in time is measured by `baton-bench --only attack`.
"""

import os
import random
import resource
import selectors
import socket
import threading
import time

from support import PATIENCE, Story, abort, raw_request, until

SECONDS = 15
STATUS = b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n"
CAMPAIGN = b"POST /v1/namespaces/ci/leases/slow/campaign HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


def descriptors(pid):
    """What each open one is: `socket:[81]`, a path."""
    folder, found = "/proc/%d/fd" % pid, {}
    for number in os.listdir(folder):
        try:
            found[number] = os.readlink(os.path.join(folder, number))
        except FileNotFoundError:
            pass  # Closed meanwhile.
    return found


def resident(pid):
    """Bytes."""
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Dripper:
    """A connection that sends a byte now and then, until it is answered and closed."""

    def __init__(self, port, opening, dripping):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.began = time.monotonic()
        self.socket.sendall(opening)
        self.socket.setblocking(False)
        self.dripping = dripping
        self.sent = 0
        self.heard = b""
        self.lasted = None

    def drip(self):
        if self.lasted is None:
            at = min(self.sent, len(self.dripping) - 1)
            try:
                self.sent += self.socket.send(self.dripping[at:at + 1])
            except OSError:
                pass  # Closed by now: what it was told is read in its turn.

    def read(self):
        try:
            part = self.socket.recv(4096)
        except BlockingIOError:
            return
        except ConnectionResetError:
            part = b""
        self.heard += part
        if not part:
            self.lasted = time.monotonic() - self.began
            self.socket.close()


def drip_all(drippers, deadline=PATIENCE):
    """One thread for all of them, until the last one is cut off."""
    selector = selectors.DefaultSelector()
    for dripper in drippers:
        selector.register(dripper.socket, selectors.EVENT_READ, dripper)
    end = time.monotonic() + deadline
    left = set(drippers)
    next_drip = 0
    while left:
        for key, _ in selector.select(0.05):
            dripper = key.data
            watched = dripper.socket.fileno()
            dripper.read()
            if dripper.lasted is not None:
                selector.unregister(watched)
                left.discard(dripper)
        now = time.monotonic()
        if now > end:
            raise AssertionError("%d attackers are still connected after %g s" % (len(left), deadline))
        if now >= next_drip:
            next_drip = now + 0.25
            for dripper in left:
                dripper.drip()


class Honest:
    """A client that campaigns and completes on fresh names, until it is told to stop."""

    def __init__(self, daemon):
        self.client = daemon.client(namespace="honest")
        self.cycles, self.failure = 0, None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        try:
            while not self.stopping.is_set():
                name = "work-%d" % self.cycles
                token = self.client.elected(name, "anna")
                answer = self.client.complete(name, "anna", token)
                if answer.status != 200:
                    raise AssertionError("not completed: %r" % answer)
                self.cycles += 1
        except BaseException as error:  # noqa: B902  raised again where the test is
            self.failure = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self.client.close()
        if self.failure is not None:
            raise self.failure


class Attack(Story):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def besieged(self, **settings):
        """A daemon, and what it looked like before anybody came."""
        daemon = self.daemon(**settings)
        self.batond, self.client = daemon, daemon.client()
        self.client.elected("warm", "anna")
        until(lambda: self.connections() == 1, "only the test itself is connected")
        self.before = descriptors(daemon.pid)
        return daemon

    def connections(self):
        return self.client.status()["counters"]["connections"]

    def nothing_stays(self):
        until(lambda: self.connections() == 1, "all attackers' connections are gone")
        try:
            until(lambda: len(descriptors(self.batond.pid)) <= len(self.before), "their descriptors are closed")
        except AssertionError as failure:
            raise AssertionError("%s; before: %s; now: %s" % (failure, self.before, descriptors(self.batond.pid)))

    def test_slow_heads_and_bodies_are_cut_off_in_time_and_harm_nobody(self):
        daemon = self.besieged(http__headTime="2s", http__bodyTime="3s")
        with Honest(daemon) as honest:
            heads = [Dripper(daemon.port, b"", b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: a") for _ in range(200)]
            bodies = [Dripper(daemon.port, CAMPAIGN + b"Content-Length: 4000\r\n\r\n", b"{ ") for _ in range(50)]
            until(lambda: self.connections() >= 250, "all attackers are connected")
            drip_all(heads + bodies)
        for limit, drippers in ((2, heads), (3, bodies)):
            for dripper in drippers:
                self.assertTrue(dripper.heard.startswith(b"HTTP/1.1 408 "), dripper.heard)
                self.assertIn(b"urn:baton:problem:request-timeout", dripper.heard)
                self.assertGreaterEqual(dripper.lasted, limit - 0.1)
        self.assertGreater(honest.cycles, 0)
        self.note("250 attackers cut off, the last after %.1f s; %d honest cycles meanwhile" % (
            max(dripper.lasted for dripper in heads + bodies), honest.cycles))
        self.nothing_stays()

    def test_readers_that_stop_are_cut_off_and_what_they_left_is_bounded(self):
        daemon = self.besieged(http__writeTime="2s")
        result = {"text": "x" * 60000}
        for number in range(20):
            self.client.send("PUT", self.client.path("markers/big-%d" % number), {"holderIdentity": "a", "result": result})
        listing = raw_request("GET", self.client.path("markers?limit=1000"))
        # A megabyte each, of which the kernel takes a part.
        with Honest(daemon) as honest:
            idlers = [self.idler(listing) for _ in range(50)]
            until(lambda: self.connections() <= 2, "readers that stopped are cut off")
        self.assertGreater(honest.cycles, 0)
        for sock in idlers:
            sock.close()
        self.nothing_stays()

    def idler(self, request):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", self.batond.port))
        sock.sendall(request)
        return sock

    def test_pipelined_requests_that_nobody_reads_the_answers_of_stop_being_read(self):
        daemon = self.besieged(http__writeTime="2s")
        before = resident(daemon.pid)
        with Honest(daemon) as honest:
            sock = self.idler(STATUS)
            sock.setblocking(False)
            end, sent = time.monotonic() + PATIENCE, 0
            stuck = 0
            while stuck < 20:
                try:
                    sent += sock.send(STATUS * 100)
                    stuck = 0
                except BlockingIOError:
                    stuck += 1
                    time.sleep(0.02)
                except OSError:
                    break
                self.assertLess(time.monotonic(), end, "the daemon reads on from a client that reads no answer")
            until(lambda: self.connections() <= 2, "it is cut off")
        sock.close()
        self.assertGreater(honest.cycles, 0)
        if not os.environ.get("ASAN_OPTIONS"):
            # AddressSanitizer keeps what was freed.
            self.assertLess(resident(daemon.pid) - before, 64 << 20)
        self.nothing_stays()

    def test_resets_at_every_stage_leave_nothing_behind(self):
        daemon = self.besieged(contender__reconnectGrace="1s")
        token = self.client.elected("deploy", "anna", marker="none")
        campaign = raw_request(
            "POST", self.client.path("leases/deploy/campaign?wait=20s"), {"holderIdentity": "ghost", "marker": "none"})
        stream = campaign.replace(b"Host:", b"Accept: application/x-ndjson\r\nHost:", 1)
        election = raw_request(
            "POST", self.client.path("leases/other/campaign"), {"holderIdentity": "ghost", "leaseDuration": "1s"})
        stages = [
            b"", b"G", STATUS[:20], CAMPAIGN, CAMPAIGN + b"Content-Length: 900\r\n\r\n{", STATUS, STATUS * 20,
            STATUS + CAMPAIGN, campaign, stream, election, campaign + STATUS * 5]
        chance = random.Random(1)
        with Honest(daemon) as honest:
            for number in range(1200):
                sock = socket.create_connection(("127.0.0.1", daemon.port), timeout=PATIENCE)
                sock.sendall(stages[number % len(stages)])
                way = chance.random()
                if way < 0.2:
                    sock.shutdown(socket.SHUT_WR)
                elif way < 0.4:
                    sock.settimeout(0.001)
                    try:
                        sock.recv(100)
                    except OSError:
                        pass
                abort(sock) if way < 0.8 else sock.close()
        self.assertGreater(honest.cycles, 0)
        until(lambda: self.client.lease("deploy")["queueLength"] == 0, "no ghost keeps a place")
        self.assertEqual(200, self.client.renew("deploy", "anna", token).status)
        self.nothing_stays()

    def test_a_burst_beyond_the_listeners_queue_is_served_to_the_last(self):
        daemon = self.besieged()
        count = min(6000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
        selector, answered = selectors.DefaultSelector(), 0
        for _ in range(count):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", daemon.port))
            selector.register(sock, selectors.EVENT_WRITE)
        end = time.monotonic() + PATIENCE
        while answered < count:
            self.assertLess(time.monotonic(), end, "%d of %d are served" % (answered, count))
            for key, events in selector.select(1):
                sock = key.fileobj
                if events & selectors.EVENT_WRITE:
                    sock.send(STATUS)
                    selector.modify(sock, selectors.EVENT_READ)
                else:
                    self.assertTrue(sock.recv(65536).startswith(b"HTTP/1.1 200 "))
                    answered += 1
                    selector.unregister(sock)
                    sock.close()
        self.note("%d connections at once, all served" % count)
        self.nothing_stays()
        # Soon after a crowd went its memory is given back, which is no reason to open anything.
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            self.nothing_stays()
            time.sleep(0.1)
