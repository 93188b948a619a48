"""A daemon under a service manager: sockets that outlive it, notifications, the watchdog, credentials."""

import http.client
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
import uuid

import certificates
from support import BATOND, PATIENCE, Daemon, Story, environment, until

SECONDS = 20

# Plays the manager's part of a start: the sockets become descriptors 3, 4 …, and LISTEN_PID is set to
# the process that becomes batond.
HAND_OVER = """
import os, sys
count = int(sys.argv[1])
for number in range(3, 3 + count): os.set_inheritable(number, True)
os.environ["LISTEN_PID"] = os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class Managed(Daemon):
    """A batond that is started as systemd does it. The sockets are the test's and stay open."""

    def __init__(self, folder, sockets, names, settings=None, watchdog=None):
        super().__init__(folder, settings)
        self.sockets = sockets
        self.names = names
        self.port = next((one.getsockname()[1] for one in sockets if one.family != socket.AF_UNIX), 0)
        self.notify_path = os.path.join(folder, "notify")
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(self.notify_path)
        self.notified.settimeout(PATIENCE)
        self.variables = {"WATCHDOG_USEC": watchdog} if watchdog else {}
        self.address = self.notify_path

    def command(self):
        arguments = [BATOND, "--data", self.data]
        for key, value in self.settings.items():
            arguments += ["--set", "%s=%s" % (key, value)]
        return arguments

    def start(self, ready=True):
        count = len(self.sockets)

        def place():
            # Out of the way first: a socket may sit where another has to be.
            moved = [os.dup2(one.fileno(), 100 + index) for index, one in enumerate(self.sockets)]
            for index, number in enumerate(moved):
                os.dup2(number, 3 + index)

        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", HAND_OVER, str(count)] + self.command(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=place, pass_fds=range(3, 3 + count),
                env=environment(
                    LISTEN_FDS=count, LISTEN_FDNAMES=":".join(self.names), NOTIFY_SOCKET=self.address,
                    **self.variables))
        if ready:
            self.wait_ready()
        return self

    def told(self, wanted):
        """The next notification that has this line; the ones before it are dropped."""
        while True:
            lines = self.notified.recv(4096).decode().split("\n")
            if any(line == wanted or line.startswith(wanted) and wanted.endswith("=") for line in lines):
                return lines

    def variables_of_process(self):
        with open("/proc/%d/environ" % self.pid, "rb") as file:
            return file.read()


def listener(family=socket.AF_INET, address=("127.0.0.1", 0)):
    one = socket.socket(family)
    one.bind(address)
    one.listen(4096)
    return one


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=PATIENCE):
        super().__init__("localhost", timeout=timeout)
        self.socket_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.socket_path)


def ready_over(connection):
    connection.request("GET", "/readyz")
    status = connection.getresponse().status
    connection.close()
    return status


class Manager(Story):
    def managed(self, sockets, names=None, watchdog=None, **settings):
        folder = os.path.join(self.folder, "managed%d" % len(self.daemons))
        os.mkdir(folder)
        named = {key.replace("__", "."): value for key, value in settings.items()}
        daemon = Managed(folder, sockets, names or ["s%d" % index for index in range(len(sockets))], named, watchdog)
        self.daemons.append(daemon)
        for one in sockets + [daemon.notified]:
            self.addCleanup(one.close)
        return daemon


class Activation(Manager):
    def test_given_sockets_of_all_families_replace_the_default_and_stay_the_managers(self):
        path = self.path("baton.sock")
        sockets = [listener(), listener(socket.AF_UNIX, path)]
        try:
            sockets.append(listener(socket.AF_INET6, ("::1", 0)))
        except OSError:
            pass  # A machine without IPv6.
        daemon = self.managed(sockets).start()
        self.assertIn("READY=1", daemon.told("READY=1"))
        self.assertEqual(200, ready_over(UnixConnection(path)))
        for one in sockets[2:]:
            self.assertEqual(200, ready_over(http.client.HTTPConnection("::1", one.getsockname()[1])))
        self.assertNotIn("7979", daemon.log())
        self.assertEqual(len(sockets), daemon.log().count("listening"))
        # Connections inherit the listener's options.
        self.assertNotEqual(0, sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertEqual(32_000, sockets[0].getsockopt(socket.IPPROTO_TCP, 18), "TCP_USER_TIMEOUT of http.writeTime")
        self.assertEqual(0, daemon.stop())
        daemon.told("STOPPING=1")
        self.assertTrue(os.path.exists(path))

    def test_a_given_socket_whose_name_begins_with_tls_speaks_tls(self):
        authority = certificates.Authority(self.folder)
        certificate, key = authority.leaf()
        daemon = self.managed(
            [listener(), listener()], ["plain", "tls-public"], tls__certificateFile=certificate, tls__keyFile=key)
        daemon.start()
        connection = http.client.HTTPSConnection(
            "localhost", daemon.sockets[1].getsockname()[1], context=ssl.create_default_context(cafile=authority.file))
        self.assertEqual(200, ready_over(connection))
        self.assertIn("address=tls:127.0.0.1:", daemon.log())
        self.assertEqual(0, daemon.stop())

    def test_what_is_set_is_listened_on_beside_what_is_given(self):
        path = self.path("own.sock")
        daemon = self.managed([listener()], listen="unix:" + path).start()
        self.assertEqual(200, ready_over(UnixConnection(path)))
        self.assertEqual(0, daemon.stop())
        self.assertFalse(os.path.exists(path))

    def test_sockets_that_would_not_do_are_refused_with_a_reason(self):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        idle = socket.socket()
        idle.bind(("127.0.0.1", 0))
        for given, name, reason in (
                (datagrams, "x", "descriptor 3"), (idle, "x", "doesn't listen"),
                (listener(address=("0.0.0.0", 0)), "x", "insecureListen"), (listener(), "tls", "tls")):
            daemon = self.managed([given], [name])
            daemon.start(ready=False)
            self.assertEqual(1, daemon.process.wait(PATIENCE), daemon.log())
            self.assertIn(reason, daemon.log())

    def test_a_manager_in_the_abstract_namespace_is_told_too_and_the_watchdog_hears_a_loop_that_turns(self):
        daemon = self.managed([listener()], watchdog=200_000)
        name = "baton-test-%s" % uuid.uuid4()
        daemon.notified.close()
        daemon.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        daemon.notified.bind("\0" + name)
        daemon.notified.settimeout(PATIENCE)
        daemon.address = "@" + name
        daemon.start()
        status = daemon.told("READY=1")
        self.assertTrue(any(line.startswith("STATUS=revision ") for line in status), status)
        for _ in range(3):
            daemon.told("WATCHDOG=1")
        # Nothing comes from one that doesn't run. What was on its way is read first.
        daemon.pause()
        daemon.notified.settimeout(1)
        with self.assertRaises(socket.timeout):
            while True:
                daemon.notified.recv(4096)
        daemon.resume()
        daemon.notified.settimeout(PATIENCE)
        daemon.told("WATCHDOG=1")
        daemon.client().elected("work", "anna")
        self.assertTrue(any("holds: 1" in line for line in daemon.told("STATUS=")))
        daemon.process.send_signal(signal.SIGHUP)
        reloading = daemon.told("RELOADING=1")
        self.assertTrue(any(line.startswith("MONOTONIC_USEC=") for line in reloading), reloading)
        daemon.told("READY=1")

    def test_a_file_setting_may_name_a_credential(self):
        daemon = self.managed([listener()], auth__tokensFile="credential:tokens")
        credentials = self.path("credentials")
        os.mkdir(credentials)
        made = subprocess.run(
            [BATOND, "token", "create", "--identity", "anna", "--role", "admin", "--namespace", "*"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout.splitlines()
        with open(os.path.join(credentials, "tokens"), "w") as file:
            file.write(made[1] + "\n")
        daemon.variables["CREDENTIALS_DIRECTORY"] = credentials
        daemon.start()
        self.assertEqual(401, daemon.client().lease("work").status)
        answer = daemon.client().send(
            "GET", "/v1/status", headers={"Authorization": "Bearer " + made[0]})
        self.assertEqual(200, answer.status)
        del daemon.variables["CREDENTIALS_DIRECTORY"]
        daemon.kill()
        daemon.start(ready=False)
        self.assertNotEqual(0, daemon.process.wait(PATIENCE))
        self.assertIn("auth.tokensFile", daemon.log())


class Restarts(Manager):
    """With the manager holding the socket, a restart is a pause and no failure.

    Allowed is one thing: a kept connection that is closed before a byte of the answer, upon which a client
    asks again on a new one (RFC 9112 §9.3.1). Not allowed: refused, reset, an answer cut short, another status
    than 200, and no answer on a new connection.
    """

    CLIENTS = 200

    def test_no_client_is_refused_or_cut_off_when_the_daemon_is_restarted(self):
        daemon = self.managed([listener()]).start()
        clients = [Worker(daemon.port, index, keeps=index % 2 == 0) for index in range(self.CLIENTS)]
        for client in clients:
            client.start()

        def cycles():
            return sum(client.cycles for client in clients)

        def get_on():
            target = cycles() + 300
            until(lambda: cycles() > target or any(client.failure for client in clients), "clients get on")

        try:
            for _ in range(3):
                get_on()
                self.assertEqual(0, daemon.stop())
                daemon.start(ready=False)
            get_on()
        finally:
            for client in clients:
                client.over = True
            for client in clients:
                client.join(PATIENCE)
        failures = [client.failure for client in clients if client.failure]
        self.assertEqual([], failures[:5], "%d failed" % len(failures))
        self.note("%d clients, 3 restarts: %d cycles, no failure, %d kept connections closed idle" % (
            self.CLIENTS, cycles(), sum(client.closed_idle for client in clients)))


class Worker(threading.Thread):
    """Campaigns and completes until it is over, on one connection or on a new one for each request."""

    def __init__(self, port, index, keeps):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.index = index
        self.keeps = keeps
        self.over = False
        self.failure = None
        self.cycles = self.closed_idle = 0

    def run(self):
        try:
            while not self.over:
                self.cycle("c%d-%d" % (self.index, self.cycles))
                self.cycles += 1
        except Exception as error:  # noqa: B902  every kind of failure counts
            self.failure = repr(error)
        self.connection.close()

    def cycle(self, name):
        lease = "/v1/namespaces/ci/leases/%s/" % name
        elected = self.ask(lease + "campaign", {"holderIdentity": name, "campaignID": name})
        self.ask(lease + "complete", {"holderIdentity": name, "fencingToken": elected["fencingToken"]})

    def ask(self, path, body):
        while True:
            # As libcurl does: a kept connection whose end has come is not used.
            if self.connection.sock and select.select([self.connection.sock], [], [], 0)[0]:
                self.connection.close()
                self.closed_idle += 1
            is_new = self.connection.sock is None
            try:
                self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
                response = self.connection.getresponse()
                raw = response.read()
            except http.client.RemoteDisconnected:
                self.connection.close()
                if is_new:
                    raise
                self.closed_idle += 1
                continue
            if response.status != 200:
                raise AssertionError("%s: %d %r" % (path, response.status, raw))
            if not self.keeps:
                self.connection.close()
            return json.loads(raw)
