"""The rules of docs/wire.md on the real daemon, with bytes written by hand and with curl."""

import glob
import json
import os
import re
import shutil
import socket
import subprocess
import unittest

from support import ROOT, Story, read

SECONDS = 5

STATUS = b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n"
CAMPAIGN = "/v1/namespaces/ci/leases/work/campaign"
BODY = b'{"holderIdentity": "anna"}'


class Answers:
    """What a connection said: split into answers by their own lengths."""

    def __init__(self, text, heads=()):
        self.text = text
        self.answers = []
        rest = text
        for is_head in list(heads) + [False] * 1000:
            if not rest:
                break
            head, _, rest = rest.partition(b"\r\n\r\n")
            length = re.search(rb"(?im)^Content-Length: (\d+)\r?$", head)
            length = int(length.group(1)) if length and not is_head else 0
            self.answers.append((head, rest[:length]))
            rest = rest[length:]

    @property
    def statuses(self):
        return [int(head.split()[1]) for head, _ in self.answers]


class Wire(Story):
    def setUp(self):
        super().setUp()
        self.batond = self.daemon()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.batond.port), timeout=30)

    def say(self, data, heads=()):
        """Sends it all, closes the sending side, and returns what came until the daemon closed."""
        with self.connect() as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            return Answers(drain(sock), heads)

    def refused(self, data, status):
        """One answer of this status, and the connection closed though this side stays open: what
        follows the breach is never heard."""
        with self.subTest(request=data[:80]), self.connect() as sock:
            sock.sendall(data + STATUS)
            answers = Answers(drain(sock))
            self.assertEqual([status], answers.statuses, answers.text)
            head, body = answers.answers[0]
            self.assertIn(b"\r\nConnection: close", head)
            self.assertEqual(status, json.loads(body)["status"])

    def test_what_frames_two_ways_is_refused_and_the_connection_closed(self):
        for fields in (
                b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 5\r\nContent-Length: 5",
                b"Content-Length: 5, 5", b"Content-Length: +5", b"Content-Length: 0x5", b"Content-Length:",
                b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked, gzip",
                b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                b"A : b", b"A: b\r\n c", b"A: b\nB: c", b"A: b\rc", b"A: b\0c", b"A(b): c", b": c"):
            self.refused(b"POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % (CAMPAIGN.encode(), fields), 400)
        chunks = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"x\r\n", b"+5\r\nhello\r\n", b"5 \r\nhello\r\n", b"5\nhello\r\n", b"5;=\r\nhello\r\n",
                     b"5\r\nhello!\r\n", b"0000000000000005\r\nhello\r\n", b"0\r\nContent-Length: 5\r\n\r\n"):
            self.refused(chunks + body, 400)
        self.refused(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)

    def test_each_refusal_has_its_status(self):
        for data, status in [
                (b"POST %s HTTP/1.1\r\nHost: a\r\n\r\n%s" % (CAMPAIGN.encode(), BODY), 411),
                (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413),
                (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", 417),
                (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431),
                (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
                (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
                (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
                (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505)]:
            self.refused(data, status)

    def test_targets_and_hosts_are_taken_to_the_letter(self):
        for target in (b"v1/status", b"a:443", b"*", b"ftp://a/", b"http://u@a/", b"http://b/", b"/a/../v1/status",
                       b"/%2e%2e/v1", b"/a%00", b"/a%zz", b"/a%ff", b"/a#b", b"/a\\b", b"/\xc3\xa4"):
            self.refused(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target, 400)
        for hosts in (b"", b"Host: a\r\nHost: a\r\n", b"Host:\r\n", b"Host: a b\r\n", b"Host: a,b\r\n",
                      b"Host: u@a\r\n", b"Host: a:99999\r\n", b"Host: [::1\r\n"):
            self.refused(b"GET / HTTP/1.1\r\n%s\r\n" % hosts, 400)
        answers = self.say(
            b"GET http://A:80/v1/status HTTP/1.1\r\nHost: a:80\r\n\r\n"
            b"GET /v1/%73tatus HTTP/1.1\r\nHost: [::1]:7410\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual([200, 200, 204], answers.statuses, answers.text)
        self.assertIn(b"\r\nAllow: GET, HEAD, POST, PUT, DELETE, OPTIONS", answers.answers[2][0])

    def test_an_answer_that_refuses_a_good_request_keeps_the_connection(self):
        post = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % (CAMPAIGN.encode(), len(BODY))
        answers = self.say(
            b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
            b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
            b"GET /v1/status HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n"
            b"%sContent-Type: text/plain\r\n\r\n%s"
            b"BREW /v1/status HTTP/1.1\r\nHost: a\r\n\r\n%s" % (CAMPAIGN.encode(), post, BODY, STATUS))
        self.assertEqual([404, 405, 406, 415, 501, 200], answers.statuses, answers.text)
        self.assertIn(b"\r\nAllow: POST, OPTIONS", answers.answers[1][0])

    def test_pipelined_requests_are_answered_in_order(self):
        data = b""
        for number in range(100):
            data += b"GET /v1/namespaces/ci/leases/n%d HTTP/1.1\r\nHost: a\r\n\r\n" % number
            data += b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"
        answers = self.say(data)
        self.assertEqual([404, 200] * 100, answers.statuses)
        for number in range(100):
            self.assertIn(b"n%d" % number, answers.answers[2 * number][1])

    def test_chunks_with_extensions_and_trailers_are_a_body(self):
        answers = self.say(
            b"\r\nPOST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
            b"5;a;b=c;d=\"e\\\"f\"\r\n%s\r\n%X\r\n%s\r\n0\r\nA: b\r\n\r\n%s"
            % (CAMPAIGN.encode(), BODY[:5], len(BODY) - 5, BODY[5:], STATUS))
        self.assertEqual([200, 200], answers.statuses, answers.text)
        self.assertEqual("elected", json.loads(answers.answers[0][1])["outcome"])

    def test_a_body_is_asked_for_when_its_sender_waits(self):
        with self.connect() as sock:
            sock.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (
                CAMPAIGN.encode(), len(BODY)))
            self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", sock.recv(4096))
            sock.sendall(BODY)
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual([200], Answers(drain(sock)).statuses)

    def test_head_is_get_without_the_body(self):
        answers = self.say(
            STATUS.replace(b"GET", b"HEAD") + b"HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + STATUS, [True, True])
        self.assertEqual([200, 404, 200], answers.statuses, answers.text)
        self.assertIn(b"\r\nContent-Length: ", answers.answers[0][0])
        self.assertTrue(answers.answers[2][1].startswith(b"{"))

    def test_http_1_0_closes_unless_it_asks(self):
        get = b"GET /v1/status HTTP/1.0\r\n"
        for data, statuses in [
                (get + b"\r\n" + get + b"\r\n", [200]),
                (get + b"Connection: keep-alive\r\n\r\n" + get + b"\r\n", [200, 200])]:
            answers = self.say(data)
            self.assertEqual(statuses, answers.statuses, answers.text)
            self.assertIn(b"\r\nConnection: close", answers.answers[-1][0])
        self.assertIn(b"\r\nConnection: keep-alive", answers.answers[0][0])

    def test_close_is_heard(self):
        answers = self.say(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n" + STATUS)
        self.assertEqual([200], answers.statuses, answers.text)

    def test_an_upgrade_is_not_taken_up(self):
        answers = self.say(
            b"GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket\r\n\r\n" + STATUS)
        self.assertEqual([200, 200], answers.statuses, answers.text)

    def test_every_test_that_the_table_names_is_there(self):
        folders = {"refuses": "Wire", "accepts": "Wire", "limits": "Wire", "answers": "Wire", "sockets": "Sockets",
                   "api": "API", "tls": os.path.join("Sockets", "TLS")}
        tests = os.path.join(ROOT, "Tests")
        sources = {
            folder: "".join(read(path) for path in glob.glob(os.path.join(tests, folder, "*.swift")))
            for folder in folders.values()}
        own = [name[len("test_"):].replace("_", " ") for name in dir(self) if name.startswith("test_")]
        over_tls = re.findall(
            r"def test_(\w+)", read(os.path.join(tests, "EndToEnd", "test_tls.py")))
        named = 0
        for row in read(os.path.join(ROOT, "docs", "wire.md")).splitlines():
            cells = row.strip("|").split("|")
            if not row.startswith("|") or cells[-1].strip() in ("test", "---"):
                continue
            for entry in cells[-1].split(";"):
                kind, _, name = entry.strip().partition(": ")
                named += 1
                if kind == "e2e":
                    self.assertIn(name, own)
                elif kind == "e2e-tls":
                    self.assertIn(name.replace(" ", "_"), over_tls)
                else:
                    source = sources[folders[kind]]
                    quoted = ["`%s`" % name, '"%s"' % name]
                    self.assertTrue(any(form in source for form in quoted), "%s: %s" % (kind, name))
        self.assertGreater(named, 100)

    @unittest.skipUnless(shutil.which("curl"), "there is no curl")
    def test_curl_of_every_version_is_served(self):
        for option in ("--http1.0", "--http1.1", "--http2"):
            done = subprocess.run(
                ["curl", "-sS", "-q", option, "--noproxy", "*", "-o", "/dev/null", "-w",
                 "%{http_version} %{http_code}\n", self.batond.url + "/v1/status"],
                capture_output=True, text=True, timeout=30)
            self.assertEqual((0, "1.1 200"), (done.returncode, done.stdout.strip()), option + done.stderr)
        # Without the detour over HTTP/1.1 the preface is all that comes, and it is refused.
        done = subprocess.run(
            ["curl", "-sS", "-q", "--http2-prior-knowledge", "--noproxy", "*", self.batond.url + "/v1/status"],
            capture_output=True, text=True, timeout=30)
        self.assertNotEqual(0, done.returncode)


def drain(sock):
    text = b""
    while True:
        try:
            part = sock.recv(65536)
        except ConnectionResetError:
            return text
        if not part:
            return text
        text += part
