"""What the end-to-end tests share: real programs, real sockets, deadlines instead of sleeps.

A test waits for a condition with `until`, whose deadline is generous: a slow machine makes
a test slow, never red. Where the promise itself is about time, the test says so.
"""

import atexit
import glob
import http.client
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import contract

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.environ.get("BATON_PROGRAMS", os.path.join(ROOT, ".build", "release"))
BATOND = os.path.join(PROGRAMS, "batond")
BATON = os.path.join(PROGRAMS, "baton")

# Programs under a sanitizer are slow: by so much waiting may take longer. No promise about time gets weaker.
TIME_SCALE = float(os.environ.get("BATON_TIME_SCALE", "1"))
# How long a condition may take before the test calls it broken.
PATIENCE = 60.0 * TIME_SCALE


def until(condition, what, deadline=PATIENCE, every=0.01):
    """Polls until `condition()` is true and returns its value; fails after the deadline."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("after %g s still not: %s" % (deadline, what))
        time.sleep(every)


def alive(pid):
    """Whether a process is there and is no zombie."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def read(path):
    """The text of a file; empty while there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def free_port():
    """A port below the range of outgoing connections.

    Inside of that range a client that retries while the daemon is down may connect to itself,
    and an outgoing connection may take the port between two starts.
    """
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Daemon:
    """A batond on a port of its own. It keeps port and data over `kill` and `start`."""

    def __init__(self, folder, settings=None, data=None, wrapper=()):
        self.folder = folder
        self.settings = dict(settings or {})
        self.data = data or os.path.join(folder, "data")
        self.log_path = os.path.join(folder, "batond.log")
        self.wrapper = list(wrapper)
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    @property
    def pid(self):
        return self.process.pid

    def command(self):
        arguments = [BATOND, "--listen", "127.0.0.1:%d" % self.port, "--data", self.data]
        for key, value in self.settings.items():
            arguments += ["--set", "%s=%s" % (key, value)]
        return arguments

    def start(self, ready=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.wrapper + self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment())
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self):
        until(self.is_ready, "batond is ready", every=0.005)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("batond ended with %d:\n%s" % (self.process.returncode, self.log()))
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
            connection.close()
            return status == 200
        except OSError:
            return False

    def kill(self):
        """SIGKILL: whatever the process was doing."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self, deadline=PATIENCE):
        """SIGTERM: in good order. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(deadline)

    def restart(self):
        self.kill()
        return self.start()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def log(self):
        return read(self.log_path)

    def client(self, **options):
        return Client(self, **options)


# Set by Tests/Sanitizers/run.sh, when the programs were built with that sanitizer.
SANITIZERS = ("TSAN_OPTIONS", "ASAN_OPTIONS")
# Where a sanitizer writes what it finds in the programs of the test that runs now: a file for each process.
FINDINGS = []


def sanitizer_options():
    """So that a finding is written where the test looks for it, whatever becomes of the program's output."""
    return {
        name: "%s:log_path=%s" % (os.environ[name], FINDINGS[-1])
        for name in SANITIZERS if FINDINGS and name in os.environ}


def environment(**changes):
    """The environment without what a CI system or an outer run would add to it."""
    foreign = (
        "BATON", "GITHUB_", "GITLAB_", "CI_", "BUILDKITE", "JENKINS", "PROW", "JOB_", "BUILD_", "TEKTON",
        "SYSTEM_", "AGENT_")
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(foreign) and name not in ("CI", "TF_BUILD", "POD_NAME", "HOSTNAME")}
    kept.update(sanitizer_options())
    kept.update({name: str(value) for name, value in changes.items()})
    return kept


class Answer:
    def __init__(self, status, headers, raw):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        contract.check_request_id(self.headers, raw)
        self.raw = raw
        self.media = self.headers.get("content-type", "").split(";")[0].strip()
        self.body = None
        if self.media in ("application/json", "application/problem+json"):
            self.body = json.loads(raw) if raw else None

    def __getitem__(self, name):
        return self.body[name]

    def get(self, name, default=None):
        return self.body.get(name, default)

    @property
    def outcome(self):
        return self.body.get("outcome")

    @property
    def problem(self):
        """`hold-ended` of `urn:baton:problem:hold-ended`; None for what is no problem."""
        kind = (self.body or {}).get("type", "")
        return kind[len("urn:baton:problem:"):] if kind.startswith("urn:baton:problem:") else None

    def __repr__(self):
        return "%d %s" % (self.status, self.raw[:600].decode(errors="replace"))


class Unreachable(Exception):
    """No whole answer: the daemon is down, or went before it said all."""


class Client:
    """/v1 over one connection, opened when needed. Every answer is held against the OpenAPI document."""

    def __init__(self, daemon, namespace="ci", timeout=PATIENCE):
        self.daemon = daemon
        self.namespace = namespace
        self.timeout = timeout
        self.connection = None

    def path(self, rest):
        return "/v1/namespaces/%s/%s" % (self.namespace, rest)

    def send(self, method, path, body=None, headers=None, documented=True):
        """One request and its answer. `body` is JSON, or bytes to be sent as they are."""
        fields = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields.setdefault("Content-Type", "application/json")
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.daemon.port, timeout=self.timeout)
            self.connection.request(method, path, body, fields)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(repr(error)) from error
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        if documented:
            contract.check(method, path, answer.status, answer.headers.get("content-type", ""), answer.raw)
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def campaign(self, name, holder, wait=None, **fields):
        query = "?wait=%s" % wait if wait else ""
        return self.send(
            "POST", self.path("leases/%s/campaign%s" % (name, query)), dict(holderIdentity=holder, **fields))

    def elected(self, name, holder, **fields):
        """Campaigns and has to be elected at once; returns the token."""
        answer = self.campaign(name, holder, **fields)
        if answer.status != 200 or answer.outcome != "elected":
            raise AssertionError("not elected: %r" % answer)
        return answer["fencingToken"]

    def claim(self, verb, name, holder, token, **fields):
        return self.send(
            "POST", self.path("leases/%s/%s" % (name, verb)),
            dict(holderIdentity=holder, fencingToken=token, **fields))

    def renew(self, name, holder, token):
        return self.claim("renew", name, holder, token)

    def complete(self, name, holder, token, **fields):
        return self.claim("complete", name, holder, token, **fields)

    def resign(self, name, holder, token, **fields):
        return self.claim("resign", name, holder, token, **fields)

    def revoke(self, name, token, reason="the test says so"):
        return self.send(
            "POST", self.path("leases/%s/revoke" % name), {"fencingToken": token, "reason": reason})

    def lease(self, name):
        return self.send("GET", self.path("leases/%s" % name))

    def marker(self, name, wait=None):
        return self.send("GET", self.path("markers/%s%s" % (name, "?wait=%s" % wait if wait else "")))

    def history(self, name=None):
        rest = "leases/%s/history" % name if name else "history"
        return self.send("GET", self.path(rest + "?limit=1000"))["items"]

    def status(self):
        return self.send("GET", "/v1/status").body

    def revision(self):
        return self.status()["revision"]

    def stream(self, path, body=None, method=None, timeout=None):
        return Stream(self.daemon, method or ("POST" if body is not None else "GET"), path, body,
                      timeout or self.timeout)

    def campaign_stream(self, name, holder, wait="60s", **fields):
        path = self.path("leases/%s/campaign?wait=%s" % (name, wait))
        return self.stream(path, dict(holderIdentity=holder, **fields))


class Stream:
    """An answer in lines of JSON. Each line is held against the OpenAPI document."""

    def __init__(self, daemon, method, path, body, timeout):
        self.method, self.path = method, path
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=timeout)
        self.connection.connect()
        self.socket = self.connection.sock
        data = None if body is None else json.dumps(body).encode()
        self.connection.request(
            method, path, data,
            {"Accept": "application/x-ndjson", "Content-Type": "application/json"})
        self.response = None
        self.lines = []

    def next(self):
        """The next line as an object; None at the end."""
        if self.response is None:
            self.response = self.connection.getresponse()
            contract.check_request_id({name.lower(): value for name, value in self.response.getheaders()}, b"")
        if self.response.status != 200 and "ndjson" not in (self.response.getheader("Content-Type") or ""):
            raw = self.response.read()
            contract.check(self.method, self.path, self.response.status,
                           self.response.getheader("Content-Type") or "", raw)
            raise AssertionError("%d instead of a stream: %r" % (self.response.status, raw))
        line = self.response.readline()
        if not line:
            return None
        contract.check(self.method, self.path, self.response.status, "application/x-ndjson", line)
        self.lines.append(json.loads(line))
        return self.lines[-1]

    def last(self):
        """Reads on to the line that ends the stream: an outcome or a problem."""
        while True:
            line = self.next()
            if line is None:
                raise Unreachable("the stream ended without an outcome: %r" % (self.lines[-3:],))
            # A problem's type is its URN, in a stream as elsewhere.
            if line["type"] == "outcome" or line["type"].startswith("urn:"):
                return line

    def waiting(self):
        """Reads the line that says that the request waits."""
        line = self.next()
        if line is None or line["type"] != "waiting":
            raise AssertionError("waiting was expected: %r" % line)
        return line

    def close(self):
        self.connection.close()
        if self.response is not None:
            self.response.close()

    def reset(self):
        """Goes without a goodbye: the peer sees a reset."""
        abort(self.socket)
        self.close()


def abort(sock):
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    sock.close()


def raw_request(method, path, body=None, host="127.0.0.1", headers=()):
    data = b"" if body is None else json.dumps(body).encode()
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: %s" % host]
    if data:
        lines += ["Content-Type: application/json", "Content-Length: %d" % len(data)]
    lines += list(headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


class Baton:
    """A `baton` under way. Its output goes to files, so that nobody waits for a pipe that a
    guardian or a child still holds."""

    def __init__(self, daemon, folder, arguments, env=None, namespace="ci"):
        self.folder = tempfile.mkdtemp(prefix="baton.", dir=folder)
        self.out_path = os.path.join(self.folder, "out")
        self.err_path = os.path.join(self.folder, "err")
        self.arguments = [str(argument) for argument in arguments]
        variables = {"BATON_SERVER": daemon.url, "BATON_NAMESPACE": namespace}
        variables.update(env or {})
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [BATON] + self.arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=environment(**variables), start_new_session=True)
        self.startedAt = time.monotonic()

    @property
    def pid(self):
        return self.process.pid

    @property
    def out(self):
        return read(self.out_path)

    @property
    def err(self):
        return read(self.err_path)

    @property
    def code(self):
        return self.process.poll()

    def wait(self, deadline=PATIENCE):
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                "baton %s still runs after %g s:\n%s" % (" ".join(self.arguments), deadline, self.err))

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def until_says(self, text, deadline=PATIENCE):
        def said():
            if text in self.err:
                return True
            if self.process.poll() is not None and text not in self.err:
                raise AssertionError("baton ended with %d, not saying %r:\n%s" % (self.code, text, self.err))
            return False
        until(said, "baton says %r; so far: %s" % (text, self.err[-2000:]), deadline)


class Story(unittest.TestCase):
    """A test with daemons and batons that are gone, with their data, when it ends."""

    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="baton-test.")
        self.daemons = []
        self.batons = []
        self.evidence = ""
        FINDINGS.append(os.path.join(self.folder, "sanitizer"))
        self.addCleanup(self.tidy)

    def tidy(self):
        for baton in self.batons:
            if baton.process.poll() is None:
                baton.process.send_signal(signal.SIGCONT)
                baton.process.kill()
                baton.process.wait()
        for daemon in self.daemons:
            if daemon.process and daemon.process.poll() is None:
                daemon.resume()
            daemon.kill()
            self.evidence += "\n--- batond's log, %s\n%s" % (daemon.url, daemon.log()[-4000:])
        for baton in self.batons:
            if baton.code not in (0, None):
                self.evidence += "\n--- baton %s: %s\n%s" % (
                    " ".join(baton.arguments), baton.code, baton.err[-1500:])
        found = "\n".join(read(path)[:12000] for path in glob.glob(FINDINGS.pop() + "*"))
        shutil.rmtree(self.folder, ignore_errors=True)
        if found:
            self.evidence += "\n--- the sanitizer\n" + found
            self.fail("a sanitizer found something in a program of this test")

    def daemon(self, start=True, data=None, wrapper=(), **settings):
        """A batond, started. Settings have `__` in the place of the point: `lease__minDuration`."""
        folder = tempfile.mkdtemp(prefix="batond.", dir=self.folder)
        named = {key.replace("__", "."): value for key, value in settings.items()}
        daemon = Daemon(folder, named, data, wrapper)
        self.daemons.append(daemon)
        return daemon.start() if start else daemon

    def baton(self, daemon, *arguments, env=None, namespace="ci"):
        baton = Baton(daemon, self.folder, arguments, env, namespace)
        self.batons.append(baton)
        return baton

    def path(self, name):
        return os.path.join(self.folder, name)

    def assertProblem(self, answer, status, kind):
        self.assertEqual((status, kind), (answer.status, answer.problem), answer)
        self.assertEqual("application/problem+json", answer.media)
        self.assertEqual(status, answer["status"])
        self.assertTrue(answer["title"] and answer["detail"])

    def note(self, text):
        """A figure for whoever reads the output."""
        print("      %s" % text, flush=True)


def in_threads(count, body):
    """Runs `body(index)` in threads; the first failure is raised here."""
    failures = []

    def guarded(index):
        try:
            body(index)
        except BaseException as error:  # noqa: B902  handed on below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(index,), daemon=True) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 3)
    if failures:
        raise failures[0]
    if any(thread.is_alive() for thread in threads):
        raise AssertionError("a thread didn't end")


def script(text):
    """A shell script as the arguments of a command."""
    return ["sh", "-c", text]
