"""Proxies between client and daemon: silence that they cut, answers that they keep back, 502 to 504.

The proxies here are Debian's, told nothing but where the daemon is and a short time-out; the daemon's signs
of life are scaled with it. BATON_TEST_FULL=1 runs them with the times that they ship with and with 30 s,
which takes some minutes.
"""

import http.client
import os
import socket
import subprocess
import threading
import time
import unittest

from support import PATIENCE, Client, Story, Unreachable, environment, free_port, in_threads, raw_request, read, until

SECONDS = 20
FULL = bool(os.environ.get("BATON_TEST_FULL"))
NGINX = "/usr/sbin/nginx"
HAPROXY = "/usr/sbin/haproxy"


class Proxy:
    """In the place of a daemon, for the helpers that want one: it has a port and a URL."""

    def __init__(self, folder, daemon, seconds):
        self.folder = folder
        self.daemon = daemon
        self.seconds = seconds
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.log_path = os.path.join(folder, "log")
        self.process = None

    def start(self):
        path = os.path.join(self.folder, "configuration")
        with open(path, "w") as file:
            file.write(self.configuration())
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(path), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
        until(self.is_ready, "%s is ready" % type(self).__name__)
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("the proxy ended with %d:\n%s" % (self.process.returncode, read(self.log_path)))
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
            connection.close()
            return status == 200
        except OSError:
            return False

    def client(self):
        return Client(self)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)


class Nginx(Proxy):
    """`proxy_pass` and nothing else: HTTP/1.0 to the daemon, 60 s of silence, answers buffered."""

    upstream = location = ""

    def configuration(self):
        limit = "proxy_read_timeout %ds;" % self.seconds if self.seconds else ""
        folders = "\n".join(
            "%s_temp_path %s/%s;" % (name, self.folder, name)
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return """
            daemon off; pid %(folder)s/pid; worker_processes 1;
            events {}
            http {
                access_log off;
                %(folders)s
                upstream baton { server 127.0.0.1:%(daemon)d; %(upstream)s }
                server {
                    listen 127.0.0.1:%(port)d;
                    location / { proxy_pass http://baton; %(limit)s %(location)s }
                }
            }
            """ % {"folder": self.folder, "folders": folders, "port": self.port,
                   "daemon": self.daemon.port, "limit": limit, "upstream": self.upstream,
                   "location": self.location}

    def command(self, path):
        return [NGINX, "-e", "stderr", "-p", self.folder, "-c", path]


class KeepingNginx(Nginx):
    """As docs/deployment.md has it: connections to the daemon are kept."""

    upstream = "keepalive 64;"
    location = 'proxy_http_version 1.1; proxy_set_header Connection "";'


class Haproxy(Proxy):
    """With the times of the file that Debian ships: 50 s."""

    def configuration(self):
        limit = "%ds" % self.seconds if self.seconds else "50000"
        return """
            defaults
                mode http
                timeout connect 5000
                timeout client %s
                timeout server %s
            frontend front
                bind 127.0.0.1:%d
                default_backend back
            backend back
                server daemon 127.0.0.1:%d
            """.replace("\n            ", "\n") % (limit, limit, self.port, self.daemon.port)

    def command(self, path):
        return [HAPROXY, "-db", "-f", path]


class AbortingHaproxy(Haproxy):
    """Without this line haproxy notices that a client went when it has something to tell it."""

    def configuration(self):
        return super().configuration().replace("mode http", "mode http\n    option abortonclose")


class Proxies(Story):
    def proxy(self, kind, daemon, seconds):
        folder = os.path.join(self.folder, "%s%d" % (kind.__name__, time.monotonic_ns()))
        os.mkdir(folder)
        proxy = kind(folder, daemon, seconds).start()
        self.addCleanup(proxy.stop)
        return proxy

    def outlive(self, daemon, proxies, seconds):
        """Streams stay, and say that they are alive as they go on, until the work is done."""
        client = daemon.client()
        token = client.elected("work", "anna", leaseDuration="10m")
        arrivals = {}
        lock = threading.Lock()

        def wait(index):
            stream = proxies[index].client().campaign_stream("work", "c%d" % index, wait="10m")
            times = []
            while True:
                line = stream.next()
                if line is None:
                    raise AssertionError("%r cut the stream after %r" % (proxies[index], stream.lines[-1]))
                if line["type"] == "alive":
                    times.append(time.monotonic())
                if line["type"] == "outcome":
                    break
            stream.close()
            with lock:
                arrivals[index] = times
            self.assertEqual("done", line["outcome"])

        def end(index):
            if index < len(proxies):
                return wait(index)
            until(lambda: client.status()["contenders"] == len(proxies), "all wait")
            time.sleep(seconds)
            self.assertEqual(200, client.complete("work", "anna", token).status)

        in_threads(len(proxies) + 1, end)
        for times in arrivals.values():
            # They came one after the other: nobody kept them back and gave them all at the end.
            self.assertGreater(times[-1] - times[0], seconds / 3)

    def polls(self, daemon, proxies):
        """A long poll ends with an answer before a proxy loses its patience."""
        daemon.client().elected("held", "anna", leaseDuration="10m")

        def poll(index):
            answer = proxies[index].client().campaign("held", "p%d" % index, wait="5m")
            self.assertEqual((202, "waiting"), (answer.status, answer.outcome))

        in_threads(len(proxies), poll)


# The limit of the proxies, in seconds. The signs of life come six times as often.
LIMIT = 3


class Scaled(Proxies):
    def daemon_behind(self, **settings):
        return self.daemon(wait__signOfLife="500ms", wait__longPollMax="1s", **settings)

    def all(self, daemon):
        return [self.proxy(kind, daemon, LIMIT) for kind in (Nginx, KeepingNginx, Haproxy)]

    def test_streams_and_long_polls_outlive_what_proxies_call_idle(self):
        daemon = self.daemon_behind()
        proxies = self.all(daemon)
        self.polls(daemon, proxies)
        self.outlive(daemon, proxies, LIMIT * 1.5)

    def test_without_signs_of_life_every_proxy_cuts_the_stream_so_the_limit_was_in_force(self):
        daemon = self.daemon(wait__signOfLife="1h")
        daemon.client().elected("work", "anna", leaseDuration="10m")
        proxies = self.all(daemon)

        def cut(index):
            with self.assertRaises((Unreachable, http.client.HTTPException)):
                proxies[index].client().campaign_stream("work", "c%d" % index, wait="10m").last()

        in_threads(len(proxies), cut)

    def test_a_client_that_goes_is_noticed_through_every_proxy(self):
        daemon = self.daemon_behind(contender__reconnectGrace="100ms")
        client = daemon.client()
        client.elected("work", "anna", leaseDuration="10m")
        for proxy in self.all(daemon):
            stream = proxy.client().campaign_stream("work", "bela", wait="10m")
            stream.waiting()
            self.assertEqual(1, client.status()["contenders"])
            stream.close()
            until(lambda: client.status()["contenders"] == 0, "it is gone")

    def test_a_long_poll_that_goes_is_noticed_through_nginx_and_by_abortonclose_through_haproxy(self):
        daemon = self.daemon(wait__longPollMax="10m", contender__reconnectGrace="100ms")
        client = daemon.client()
        client.elected("work", "anna", leaseDuration="10m")
        for kind in (Nginx, KeepingNginx, AbortingHaproxy):
            proxy = self.proxy(kind, daemon, 600)
            poll = socket.create_connection(("127.0.0.1", proxy.port))
            poll.sendall(raw_request(
                "POST", client.path("leases/work/campaign?wait=10m"), {"holderIdentity": "bela"}))
            until(lambda: client.status()["contenders"] == 1, "it waits")
            poll.close()
            until(lambda: client.status()["contenders"] == 0, "it is gone")

    def test_runs_behind_proxies_live_through_a_restart_of_the_daemon(self):
        daemon = self.daemon_behind()
        client = daemon.client()
        token = client.elected("work", "anna", leaseDuration="10m")
        runs = [
            self.baton(proxy, "run", "work", "--once", "--", "echo", "never runs") for proxy in self.all(daemon)]
        until(lambda: client.status()["contenders"] == len(runs), "all wait")
        daemon.kill()
        # 502 from nginx, 503 from haproxy: nothing is known, so ask again.
        for run in runs:
            run.until_says("HTTP 50")
        daemon.start()
        client = daemon.client()
        until(lambda: client.status()["contenders"] == len(runs), "all wait again")
        self.assertEqual(200, client.complete("work", "anna", token).status)
        for run in runs:
            self.assertEqual(0, run.wait(), run.err)
            self.assertNotIn("never runs", run.out)


@unittest.skipUnless(FULL, "it takes two minutes: BATON_TEST_FULL=1")
class Full(Proxies):
    def test_streams_and_long_polls_outlive_the_times_that_proxies_ship_with_and_30_s(self):
        daemon = self.daemon()
        proxies = [
            self.proxy(kind, daemon, seconds) for kind in (Nginx, KeepingNginx, Haproxy) for seconds in (None, 30)]
        self.polls(daemon, proxies)
        self.outlive(daemon, proxies, 75)
