"""What SIGTERM does to whatever is under way, in a bounded time."""

import signal
import socket
import time

import strace
from support import PATIENCE, Story, raw_request, until

SECONDS = 12
# 2.5 s is what the daemon takes at the most; the rest is for a slow machine.
BOUND = 20


class Stopping(Story):
    def connect(self, daemon, receive_buffer=None):
        one = socket.socket()
        self.addCleanup(one.close)
        one.settimeout(PATIENCE)
        if receive_buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        one.connect(("127.0.0.1", daemon.port))
        return one

    def campaign(self, holder):
        return raw_request("POST", "/v1/namespaces/ci/leases/work/campaign", {"holderIdentity": holder})

    def ask_to_stop(self, daemon):
        """SIGTERM, and waits until the daemon has taken it in."""
        daemon.process.send_signal(signal.SIGTERM)
        until(lambda: "stopping: " in daemon.log(), "batond stops")

    def everything(self, connection):
        text = b""
        while True:
            part = connection.recv(65536)
            if not part:
                return text
            text += part

    def assertEnds(self, daemon, code=0):
        self.assertEqual(code, daemon.process.wait(BOUND), daemon.log())

    def test_a_request_in_its_flush_gets_its_answer_and_is_on_disk(self):
        if strace.why_not():
            self.skipTest(strace.why_not())
        daemon = self.daemon()
        connection = self.connect(daemon)
        with strace.Tampering(daemon, "fdatasync:delay_enter=500000"):
            connection.sendall(self.campaign("anna"))
            time.sleep(0.2)
            self.ask_to_stop(daemon)
            answer = self.everything(connection)
            self.assertEnds(daemon)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        self.assertIn(b'"outcome":"elected"', answer)
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        daemon.start()
        self.assertEqual("anna", daemon.client().lease("work")["holderIdentity"])

    def test_a_flush_that_hangs_is_not_waited_for_and_its_request_is_told_that_nobody_knows(self):
        if strace.why_not():
            self.skipTest(strace.why_not())
        daemon = self.daemon()
        connection = self.connect(daemon)
        with strace.Tampering(daemon, "fdatasync:delay_enter=4000000"):
            connection.sendall(self.campaign("anna"))
            began = time.monotonic()
            time.sleep(0.2)
            self.ask_to_stop(daemon)
            answer = self.everything(connection)
            self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
            until(lambda: "the disk did not answer" in daemon.log(), "batond gives up on the disk")
            gave_up = time.monotonic() - began
            # The kernel lets a process go when its last call has come back.
            self.assertEnds(daemon)
            self.assertLess(gave_up, time.monotonic() - began - 0.5)

    def test_a_request_whose_end_comes_while_the_daemon_stops_is_answered(self):
        daemon = self.daemon()
        connection = self.connect(daemon)
        request = self.campaign("anna")
        connection.sendall(request[:-5])
        until(lambda: daemon.client().status()["counters"]["connections"] == 2, "both are connected")
        self.ask_to_stop(daemon)
        connection.sendall(request[-5:])
        answer = self.everything(connection)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
        self.assertIn(b"\r\nConnection: close\r\n", answer)
        self.assertEnds(daemon)

    def test_half_a_request_and_a_reader_that_does_not_read_hold_nothing_up(self):
        daemon = self.daemon()
        client = daemon.client()
        for index in range(60):
            client.send("PUT", client.path("markers/m%d" % index), {
                "holderIdentity": "anna", "result": {"text": "x" * 60_000}})
        slow = self.connect(daemon, receive_buffer=4096)
        slow.sendall(raw_request("GET", "/v1/namespaces/ci/markers?limit=1000"))
        half = self.connect(daemon)
        half.sendall(self.campaign("anna")[:-5])
        until(lambda: client.status()["counters"]["connections"] == 3, "all are connected")
        self.ask_to_stop(daemon)
        self.assertEnds(daemon)
        self.assertNotIn(b"HTTP/1.1 200", self.everything(half))

    def test_a_second_signal_ends_it_at_once_and_nothing_acknowledged_is_lost(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.daemon()
            token = daemon.client().elected("work", "anna")
            # Keeps the drain from its end.
            half = self.connect(daemon)
            half.sendall(self.campaign("bela")[:-5])
            until(lambda: daemon.client().status()["counters"]["connections"] >= 2, "it is connected")
            self.ask_to_stop(daemon)
            daemon.process.send_signal(number)
            self.assertEnds(daemon, 128 + number)
            daemon.start()
            self.assertEqual(200, daemon.client().renew("work", "anna", token).status)
